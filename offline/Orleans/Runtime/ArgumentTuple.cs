using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Runtime;

/// <summary>Arguments travel as one value tuple; beyond seven its last field is another tuple, as the language has it.</summary>
internal static class ArgumentTuple
{
    private const int Width = 7;

    private static readonly Type[] Tuples =
    [
        typeof(NoArguments), typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>),
        typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>),
    ];

    /// <summary>The tuple type for these parameters.</summary>
    public static Type TypeFor(ReadOnlySpan<Type> parameters)
    {
        if (parameters.IsEmpty) return typeof(NoArguments);
        if (parameters.Length <= Width) return Tuples[parameters.Length].MakeGenericType(parameters.ToArray());
        return typeof(ValueTuple<,,,,,,,>).MakeGenericType([.. parameters[..Width], TypeFor(parameters[Width..])]);
    }

    /// <summary>Emits the creation of the tuple from the arguments of a proxy's method (argument 0 is the proxy).</summary>
    public static void EmitCreate(ILGenerator code, Type tuple, int parameters)
    {
        if (parameters == 0)
        {
            var empty = code.DeclareLocal(tuple);
            code.Emit(OpCodes.Ldloca, empty);
            code.Emit(OpCodes.Initobj, tuple);
            code.Emit(OpCodes.Ldloc, empty);
            return;
        }

        for (var index = 0; index < parameters; index++) code.Emit(OpCodes.Ldarg, index + 1);
        EmitConstructors(code, tuple);
    }

    /// <summary>The path of fields to an argument.</summary>
    public static List<FieldInfo> PathTo(Type tuple, int index)
    {
        var path = new List<FieldInfo>();
        for (; index >= Width; index -= Width)
        {
            path.Add(tuple.GetField("Rest")!);
            tuple = path[^1].FieldType;
        }

        path.Add(tuple.GetField($"Item{index + 1}")!);
        return path;
    }

    /// <summary>Replaces an argument within a boxed tuple.</summary>
    public static void Set(object tuple, int index, object? value)
    {
        if (index < Width)
        {
            tuple.GetType().GetField($"Item{index + 1}")!.SetValue(tuple, value);
            return;
        }

        var field = tuple.GetType().GetField("Rest")!;
        var rest = field.GetValue(tuple)!;
        Set(rest, index - Width, value);
        field.SetValue(tuple, rest);
    }

    // All arguments are on the stack in order, so the innermost tuple is made first.
    private static void EmitConstructors(ILGenerator code, Type tuple)
    {
        var types = tuple.GetGenericArguments();
        if (types.Length > Width) EmitConstructors(code, types[Width]);
        code.Emit(OpCodes.Newobj, tuple.GetConstructor(types)!);
    }
}
