using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>
/// What was copied within one message: an object that occurs twice stays one object, and cycles end. Few objects are kept in
/// an array, many in a dictionary.
/// </summary>
internal sealed class CopyContext
{
    private const int Few = 8;

    [ThreadStatic]
    private static CopyContext? _spare;

    private readonly (object? Original, object? Copy)[] _few = new (object?, object?)[Few];
    private Dictionary<object, object>? _many;
    private int _count;

    public static CopyContext Rent()
    {
        var context = _spare ?? new CopyContext();
        _spare = null;
        return context;
    }

    public static void Return(CopyContext context)
    {
        Array.Clear(context._few, 0, Math.Min(context._count, Few));
        context._many = null;
        context._count = 0;
        _spare = context;
    }

    public void Record(object original, object copy)
    {
        if (_count < Few) _few[_count] = (original, copy);
        else (_many ??= new Dictionary<object, object>(ReferenceEqualityComparer.Instance))[original] = copy;
        _count++;
    }

    public bool TryGet<T>(T original, out T copy)
    {
        for (var index = 0; index < Math.Min(_count, Few); index++)
        {
            if (!ReferenceEquals(_few[index].Original, original)) continue;
            copy = (T)_few[index].Copy!;
            return true;
        }

        if (_many is not null && _many.TryGetValue(original!, out var found))
        {
            copy = (T)found;
            return true;
        }

        Unsafe.SkipInit(out copy);
        return false;
    }
}
