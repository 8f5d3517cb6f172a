using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>What is known of a type of exceptions that may be made here.</summary>
internal abstract class ExceptionKind(Type type)
{
    public Type Type => type;

    public static ExceptionKind Of(Type type) => (ExceptionKind)Activator.CreateInstance(typeof(ExceptionKind<>).MakeGenericType(type))!;

    /// <summary>A new exception without a message. Null where its constructor fails.</summary>
    public abstract Exception? Create();

    /// <summary>Writes the members of its own, without the end of the object.</summary>
    public abstract void WriteMembers(WireWriter writer, Exception value);

    /// <summary>Reads the members of its own and the end of the object.</summary>
    public abstract void ReadMembers(WireReader reader, Exception value);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = ".ctor")]
    protected static extern void Construct(Exception exception);
}

internal sealed class ExceptionKind<T>() : ExceptionKind(typeof(T))
    where T : Exception
{
    private readonly MemberCodec<T> _members = new(TravellingMembers.Of(typeof(T)));
    private readonly Func<T> _create = InstanceEmitter.Compile<T>();
    private readonly bool _hasConstructor =
        typeof(T).GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []) is not null;

    public override Exception? Create()
    {
        try
        {
            var value = _create();
            if (!_hasConstructor) Construct(value);
            return value;
        }
        catch (Exception)
        {
            // The error that travels matters more than its type.
            return null;
        }
    }

    public override void WriteMembers(WireWriter writer, Exception value)
    {
        var own = (T)value;
        _members.Write(writer, ref own);
    }

    public override void ReadMembers(WireReader reader, Exception value)
    {
        var own = (T)value;
        _members.Read(reader, ref own);
    }
}
