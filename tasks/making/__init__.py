"""The form that makes videos: it knows the models, and says why before money is spent."""
