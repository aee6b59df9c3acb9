"""Files of the Costs page: its address, chart, table, lists and exports."""
