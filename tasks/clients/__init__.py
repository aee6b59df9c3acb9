"""What programs that ask with a token are told: ids, answers, links to videos, calls back."""
