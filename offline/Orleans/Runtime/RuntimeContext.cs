namespace Orleans.Runtime;

/// <summary>Whose turn runs on this thread.</summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static Activation? s_current;

    /// <summary>The activation whose turn runs on this thread, or null outside of grains.</summary>
    public static Activation? Current
    {
        get => s_current;
        set => s_current = value;
    }
}
