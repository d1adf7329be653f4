"""What every stage runs on: processes, locks, the console, and the engines that run batches."""
