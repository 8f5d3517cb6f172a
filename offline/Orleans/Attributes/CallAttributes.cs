using System.Globalization;

namespace Orleans.Concurrency
{
    /// <summary>Calls of this method may run between the awaits of any other call, and any other between its own.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class AlwaysInterleaveAttribute : Attribute;

    /// <summary>Calls of this method change nothing: they may interleave with each other, not with others.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ReadOnlyAttribute : Attribute;
}

namespace Orleans
{
    /// <summary>How long a caller of this method waits for the response.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ResponseTimeoutAttribute : Attribute
    {
        /// <summary>A time-out written as a <see cref="TimeSpan"/>, "hh:mm:ss" with an optional fraction.</summary>
        public ResponseTimeoutAttribute(string timeout) => Timeout = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);

        /// <summary>The time-out.</summary>
        public TimeSpan? Timeout { get; init; }
    }
}
