using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Runtime;

/// <summary>
/// Writes the class of references to an interface: every method packs its arguments into a tuple and hands it, with what is
/// known of the method, to <see cref="GrainReference.Call{TArguments, TResult}"/>.
/// </summary>
internal static class ProxyEmitter
{
    private static readonly MethodInfo CallMethod = Base(nameof(GrainReference.Call));
    private static readonly MethodInfo CallValueMethod = Base(nameof(GrainReference.CallValue));
    private static readonly MethodInfo CallValueOfMethod = Base(nameof(GrainReference.CallValueOf));

    public static Func<GrainInterface, CallSender, GrainId, GrainReference> Emit(Type type, GrainMethod[] methods)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName($"Orleans.References.{type.FullName}"), AssemblyBuilderAccess.Run);
        var module = assembly.DefineDynamicModule("references");
        GrantAccess(assembly, module, type, methods);
        var proxy = module.DefineType($"{type.FullName}.Reference", TypeAttributes.Class | TypeAttributes.Sealed, typeof(GrainReference), [type]);

        Type[] parts = [typeof(GrainInterface), typeof(CallSender), typeof(GrainId)];
        var constructor = proxy.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, parts);
        var code = constructor.GetILGenerator();
        for (var index = 0; index <= parts.Length; index++) code.Emit(OpCodes.Ldarg, index);
        code.Emit(OpCodes.Call, typeof(GrainReference).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, parts)!);
        code.Emit(OpCodes.Ret);

        for (var index = 0; index < methods.Length; index++) EmitMethod(proxy, methods[index], $"Method{index}");
        var created = proxy.CreateType();
        for (var index = 0; index < methods.Length; index++) created.GetField($"Method{index}")!.SetValue(null, methods[index]);

        var factory = new DynamicMethod("Create", typeof(GrainReference), parts, typeof(ProxyEmitter).Module, skipVisibility: true);
        code = factory.GetILGenerator();
        for (var index = 0; index < parts.Length; index++) code.Emit(OpCodes.Ldarg, index);
        code.Emit(OpCodes.Newobj, created.GetConstructor(parts)!);
        code.Emit(OpCodes.Ret);
        return factory.CreateDelegate<Func<GrainInterface, CallSender, GrainId, GrainReference>>();
    }

    private static void EmitMethod(TypeBuilder proxy, GrainMethod method, string field)
    {
        var known = method.GetType();
        var descriptor = proxy.DefineField(field, known, FieldAttributes.Public | FieldAttributes.Static);
        var types = method.Method.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        var body = proxy.DefineMethod(
            $"{method.InterfaceType.FullName}.{method.Method.Name}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
            method.Method.ReturnType, types);
        var code = body.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldsfld, descriptor);
        var tuple = known.GetGenericArguments()[0];
        ArgumentTuple.EmitCreate(code, tuple, method.ParameterTypes.Length);
        if (method.TakesToken)
        {
            code.Emit(OpCodes.Ldarg, types.Length);
        }
        else
        {
            var none = code.DeclareLocal(typeof(CancellationToken));
            code.Emit(OpCodes.Ldloca, none);
            code.Emit(OpCodes.Initobj, typeof(CancellationToken));
            code.Emit(OpCodes.Ldloc, none);
        }

        code.Emit(OpCodes.Call, CallFor(method.Method.ReturnType, known.GetGenericArguments()));
        code.Emit(OpCodes.Ret);
        proxy.DefineMethodOverride(body, method.Method);
    }

    private static MethodInfo CallFor(Type returned, Type[] types)
    {
        if (returned == typeof(ValueTask)) return CallValueMethod.MakeGenericMethod(types[0]);
        var isValue = returned.IsGenericType && returned.GetGenericTypeDefinition() == typeof(ValueTask<>);
        return (isValue ? CallValueOfMethod : CallMethod).MakeGenericMethod(types);
    }

    private static MethodInfo Base(string name) => typeof(GrainReference).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!;

    // Interfaces and their types may be internal to their assemblies; the runtime lets a friend in that says whose friend it is.
    private static void GrantAccess(AssemblyBuilder assembly, ModuleBuilder module, Type type, GrainMethod[] methods)
    {
        var attribute = module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute", TypeAttributes.Class | TypeAttributes.Sealed, typeof(Attribute));
        var constructor = attribute.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(string)]);
        var code = constructor.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [])!);
        code.Emit(OpCodes.Ret);
        var created = attribute.CreateType();

        var seen = new HashSet<Type>();
        var assemblies = new HashSet<Assembly> { typeof(GrainReference).Assembly };
        Visit(type);
        foreach (var method in methods)
        {
            Visit(method.InterfaceType);
            Visit(method.Method.ReturnType);
            foreach (var parameter in method.ParameterTypes) Visit(parameter);
        }

        foreach (var friend in assemblies)
            assembly.SetCustomAttribute(new CustomAttributeBuilder(created.GetConstructor([typeof(string)])!, [friend.GetName().Name!]));

        void Visit(Type visited)
        {
            if (!seen.Add(visited)) return;
            assemblies.Add(visited.Assembly);
            if (visited.HasElementType) Visit(visited.GetElementType()!);
            foreach (var argument in visited.GetGenericArguments()) Visit(argument);
        }
    }
}
