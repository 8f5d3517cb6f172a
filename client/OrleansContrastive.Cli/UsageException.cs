namespace OrleansContrastive.Cli;

/// <summary>The user asked for something that is not there; the message says what would be. Ends with exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
