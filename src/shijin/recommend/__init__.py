"""What each customer wants next: members that fit in seconds, a ranker over them, lists people can use, and reasons."""
