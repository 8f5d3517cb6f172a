using System.Text.RegularExpressions;

namespace OrleansContrastive.Cli;

/// <summary>The user asked for something that is not there; the message says what would be. Ends with exit code 2.</summary>
internal sealed partial class UsageException(string message) : Exception(message)
{
    /// <summary>What is wrong with an argument, without the name that the code has for it.</summary>
    public UsageException(ArgumentException exception)
        : this(ParameterName().Replace(exception.Message, ""))
    {
    }

    // .NET appends it; after a call to another silo only the text is left.
    [GeneratedRegex(@" \(Parameter '[^']*'\)")]
    private static partial Regex ParameterName();
}
