"""The form that composes new videos.

Read the modules in this order:

    form         the fields, which narrow each other (`dependent_choices`), and the errors
    composition  the form's cleaned data: prompts, models, settings, seeds; frozen
    plan         every combination of these, checked against the rules, and the resulting requests
    plan_summary, cost_estimate
                 what the page shows of the plan before anything is paid
    lineage      the task that the new ones are made from

The view passes the plan's requests to `submission.place`. `prefill` fills a new form from a task;
`followups` are the new videos that a task's page offers.
"""
