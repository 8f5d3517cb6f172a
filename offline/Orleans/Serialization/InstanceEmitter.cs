using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Emits the creation of objects that are filled member by member.</summary>
internal static class InstanceEmitter
{
    private static readonly MethodInfo UninitializedMethod = typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.GetUninitializedObject))!;
    private static readonly MethodInfo TypeFromHandleMethod = typeof(Type).GetMethod(nameof(Type.GetTypeFromHandle))!;

    /// <summary>
    /// Leaves a new object of the class on the stack: by the constructor without parameters where there is one, so that members
    /// that do not travel begin as the class says.
    /// </summary>
    public static void EmitNew(ILGenerator code, Type type)
    {
        var constructor = type.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []);
        if (constructor is not null)
        {
            code.Emit(OpCodes.Newobj, constructor);
            return;
        }

        code.Emit(OpCodes.Ldtoken, type);
        code.Emit(OpCodes.Call, TypeFromHandleMethod);
        code.Emit(OpCodes.Call, UninitializedMethod);
        code.Emit(OpCodes.Castclass, type);
    }

    /// <summary>A function that creates objects of the class.</summary>
    public static Func<T> Compile<T>()
        where T : class
    {
        var stub = new DynamicMethod($"Create {typeof(T)}", typeof(T), [], typeof(InstanceEmitter).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        EmitNew(code, typeof(T));
        code.Emit(OpCodes.Ret);
        return stub.CreateDelegate<Func<T>>();
    }
}
