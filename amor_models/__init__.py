"""What is trained: tasks, backbones, gates, attention, models, training and evaluation."""
