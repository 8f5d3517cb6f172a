namespace Orleans.Runtime;

/// <summary>Whose turn runs on this thread.</summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static Activation? _current;

    /// <summary>The activation whose turn runs on this thread, or null outside of grains.</summary>
    public static Activation? Current
    {
        get => _current;
        set => _current = value;
    }
}
