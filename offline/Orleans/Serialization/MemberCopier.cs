using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Serialization;

/// <summary>Compiles the copying of a type member by member, read-only fields included.</summary>
internal static class MemberCopier
{
    private static readonly MethodInfo RecordMethod = typeof(CopyContext).GetMethod(nameof(CopyContext.Record))!;

    /// <summary>Every field of a type that is nothing but its fields: a tuple.</summary>
    public static List<TravellingMember> AllFields(Type type) =>
        [.. type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select((field, index) => new TravellingMember(field, null, false, 0, (uint)index))];

    public static Func<T, CopyContext, T> Create<T>(List<TravellingMember> members)
    {
        var type = typeof(T);
        var stub = new DynamicMethod($"Copy {type}", type, [type, typeof(CopyContext)], typeof(MemberCopier).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        var copy = code.DeclareLocal(type);
        EmitCreation(code, type, copy);
        var load = type.IsValueType ? OpCodes.Ldloca : OpCodes.Ldloc;
        foreach (var member in members)
        {
            code.Emit(load, copy);
            if (type.IsValueType) code.Emit(OpCodes.Ldarga, 0);
            else code.Emit(OpCodes.Ldarg_0);
            if (member.Field is not null) code.Emit(OpCodes.Ldfld, member.Field);
            else code.Emit(type.IsValueType ? OpCodes.Call : OpCodes.Callvirt, member.Property!.GetMethod!);
            if (!member.IsImmutable && !CopyRules.IsShallow(member.Type))
            {
                code.Emit(OpCodes.Ldarg_1);
                code.Emit(OpCodes.Call, CopyRules.CopyMethodFor(member.Type));
            }

            if (member.Field is not null) code.Emit(OpCodes.Stfld, member.Field);
            else code.Emit(type.IsValueType ? OpCodes.Call : OpCodes.Callvirt, member.Property!.SetMethod!);
        }

        code.Emit(OpCodes.Ldloc, copy);
        code.Emit(OpCodes.Ret);
        return stub.CreateDelegate<Func<T, CopyContext, T>>();
    }

    private static void EmitCreation(ILGenerator code, Type type, LocalBuilder copy)
    {
        if (type.IsValueType)
        {
            code.Emit(OpCodes.Ldloca, copy);
            code.Emit(OpCodes.Initobj, type);
            return;
        }

        InstanceEmitter.EmitNew(code, type);
        code.Emit(OpCodes.Stloc, copy);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldloc, copy);
        code.Emit(OpCodes.Call, RecordMethod);
    }
}
