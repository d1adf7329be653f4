"""Mails, chats, posts and formal documents: a file in, its sentences with their places out. No model."""
