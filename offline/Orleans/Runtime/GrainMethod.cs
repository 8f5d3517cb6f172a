using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using Orleans.Concurrency;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>Calls a method on a grain. Returns null and the result where it ended at once, else what it ends with.</summary>
internal delegate Task? GrainInvoker<TArguments, TResult>(
    object target, in TArguments arguments, CancellationToken cancellationToken, out TResult result);

/// <summary>Replaces arguments by copies that share nothing with the caller.</summary>
internal delegate void ArgumentCopier<TArguments>(ref TArguments arguments, CopyContext context);

/// <summary>What is known of one method of a grain interface; made once.</summary>
internal abstract class GrainMethod
{
    private static readonly ConcurrentDictionary<MethodInfo, Lazy<GrainMethod>> Known = new();

    protected GrainMethod(MethodInfo method)
    {
        Method = method;
        WireId = WireNames.IdOf(method);
        var parameters = method.GetParameters();
        TakesToken = parameters.Length > 0 && parameters[^1].ParameterType == typeof(CancellationToken);
        Parameters = TakesToken ? parameters[..^1] : parameters;
        ParameterTypes = [.. Parameters.Select(parameter => parameter.ParameterType)];
        Options = MessageOptions.KeepAlive
            | (method.IsDefined(typeof(AlwaysInterleaveAttribute)) ? MessageOptions.AlwaysInterleave : 0)
            | (method.IsDefined(typeof(ReadOnlyAttribute)) ? MessageOptions.ReadOnly : 0);
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
    }

    public MethodInfo Method { get; }

    /// <summary>The number of the method in requests that leave the process.</summary>
    public ulong WireId { get; }

    public Type InterfaceType => Method.DeclaringType!;

    public bool TakesToken { get; }

    public Type[] ParameterTypes { get; }

    public MessageOptions Options { get; }

    public TimeSpan? ResponseTimeout { get; }

    protected ParameterInfo[] Parameters { get; }

    /// <exception cref="NotSupportedException">The method is outside of the profile.</exception>
    public static GrainMethod Of(MethodInfo method) =>
        Known.GetOrAdd(method, static it => new Lazy<GrainMethod>(() => Create(it))).Value;

    /// <summary>Reads a request for this method.</summary>
    public abstract Request DecodeRequest(WireReader reader, bool isCancellable);

    private static GrainMethod Create(MethodInfo method)
    {
        var parameters = method.GetParameters();
        if (method.IsGenericMethodDefinition || parameters.Any(parameter => parameter.ParameterType.IsByRef))
            throw Refuse(method, "generic methods and by-reference parameters cannot travel");
        if (parameters.SkipLast(1).Any(parameter => parameter.ParameterType == typeof(CancellationToken)))
            throw Refuse(method, "a CancellationToken must be the last parameter");
        var types = parameters.Select(parameter => parameter.ParameterType).Where(type => type != typeof(CancellationToken)).ToArray();
        return (GrainMethod)Activator.CreateInstance(
            typeof(GrainMethod<,>).MakeGenericType(ArgumentTuple.TypeFor(types), ResultTypeOf(method)), method)!;
    }

    private static Type ResultTypeOf(MethodInfo method)
    {
        var type = method.ReturnType;
        if (type == typeof(Task) || type == typeof(ValueTask)) return typeof(NoResult);
        if (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>)))
            return type.GetGenericArguments()[0];
        throw Refuse(method, $"expected Task, Task<T>, ValueTask or ValueTask<T> as its result, found {type}");
    }

    private static NotSupportedException Refuse(MethodInfo method, string why) =>
        new($"{method.DeclaringType}.{method.Name} cannot be a grain's method: {why}.");
}

/// <summary>What is known of one method, with its types.</summary>
internal sealed class GrainMethod<TArguments, TResult> : GrainMethod
    where TArguments : struct
{
    private readonly ArgumentCopier<TArguments>? _copyArguments;

    public GrainMethod(MethodInfo method) : base(method)
    {
        Invoker = CreateInvoker();
        _copyArguments = CreateArgumentCopier();
        CopiesResult = typeof(TResult) != typeof(NoResult)
            && !Copier<TResult>.IsShallow && !method.ReturnParameter.IsDefined(typeof(ImmutableAttribute));
    }

    public GrainInvoker<TArguments, TResult> Invoker { get; }

    public bool CopiesResult { get; }

    public override Request DecodeRequest(WireReader reader, bool isCancellable)
    {
        var arguments = typeof(TArguments) == typeof(NoArguments) ? default : CodecOf<TArguments>.Read(reader, reader.ReadTag());
        return new Request<TArguments, TResult>(this, arguments) { Cancellation = isCancellable ? new CancellationTokenSource() : null };
    }

    public void CopyArguments(ref TArguments arguments)
    {
        if (_copyArguments is null) return;
        var context = CopyContext.Rent();
        try
        {
            _copyArguments(ref arguments, context);
        }
        finally
        {
            CopyContext.Return(context);
        }
    }

    public TResult CopyResult(TResult result)
    {
        var context = CopyContext.Rent();
        try
        {
            return Copier<TResult>.Copy(result, context);
        }
        finally
        {
            CopyContext.Return(context);
        }
    }

    private GrainInvoker<TArguments, TResult> CreateInvoker()
    {
        var stub = new DynamicMethod(
            $"Invoke {Method.DeclaringType}.{Method.Name}", typeof(Task),
            [typeof(object), typeof(TArguments).MakeByRefType(), typeof(CancellationToken), typeof(TResult).MakeByRefType()],
            typeof(GrainMethod).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Castclass, Method.DeclaringType!);
        for (var index = 0; index < ParameterTypes.Length; index++)
        {
            code.Emit(OpCodes.Ldarg_1);
            var path = ArgumentTuple.PathTo(typeof(TArguments), index);
            foreach (var field in path.SkipLast(1)) code.Emit(OpCodes.Ldflda, field);
            code.Emit(OpCodes.Ldfld, path[^1]);
        }

        if (TakesToken) code.Emit(OpCodes.Ldarg_2);
        code.Emit(OpCodes.Callvirt, Method);
        code.Emit(OpCodes.Ldarg_3);
        code.Emit(OpCodes.Call, InvocationResult.FinisherFor(Method.ReturnType));
        code.Emit(OpCodes.Ret);
        return stub.CreateDelegate<GrainInvoker<TArguments, TResult>>();
    }

    private ArgumentCopier<TArguments>? CreateArgumentCopier()
    {
        var copied = Enumerable.Range(0, ParameterTypes.Length)
            .Where(index => !CopyRules.IsShallow(ParameterTypes[index]) && !Parameters[index].IsDefined(typeof(ImmutableAttribute)))
            .ToArray();
        if (copied.Length == 0) return null;
        var stub = new DynamicMethod(
            $"Copy {Method.DeclaringType}.{Method.Name}", null, [typeof(TArguments).MakeByRefType(), typeof(CopyContext)],
            typeof(GrainMethod).Module, skipVisibility: true);
        var code = stub.GetILGenerator();
        foreach (var index in copied)
        {
            var path = ArgumentTuple.PathTo(typeof(TArguments), index);
            code.Emit(OpCodes.Ldarg_0);
            foreach (var field in path.SkipLast(1)) code.Emit(OpCodes.Ldflda, field);
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldfld, path[^1]);
            code.Emit(OpCodes.Ldarg_1);
            code.Emit(OpCodes.Call, CopyRules.CopyMethodFor(ParameterTypes[index]));
            code.Emit(OpCodes.Stfld, path[^1]);
        }

        code.Emit(OpCodes.Ret);
        return stub.CreateDelegate<ArgumentCopier<TArguments>>();
    }
}

/// <summary>Turns what a method returned into "ended with a result" or "will end".</summary>
internal static class InvocationResult
{
    public static MethodInfo FinisherFor(Type returned)
    {
        if (returned == typeof(Task)) return Find(nameof(FinishTask));
        if (returned == typeof(ValueTask)) return Find(nameof(FinishValueTask));
        var name = returned.GetGenericTypeDefinition() == typeof(Task<>) ? nameof(FinishTaskOf) : nameof(FinishValueTaskOf);
        return Find(name).MakeGenericMethod(returned.GetGenericArguments());
    }

    internal static Task? FinishTask(Task? task, out NoResult result)
    {
        result = default;
        return task is null || task.IsCompletedSuccessfully ? null : task;
    }

    internal static Task? FinishValueTask(ValueTask task, out NoResult result)
    {
        result = default;
        if (!task.IsCompletedSuccessfully) return task.AsTask();
        task.GetAwaiter().GetResult();
        return null;
    }

    internal static Task? FinishTaskOf<T>(Task<T>? task, out T result)
    {
        if (task is null || task.IsCompletedSuccessfully)
        {
            result = task is null ? default! : task.Result;
            return null;
        }

        result = default!;
        return task;
    }

    internal static Task? FinishValueTaskOf<T>(ValueTask<T> task, out T result)
    {
        if (task.IsCompletedSuccessfully)
        {
            result = task.Result;
            return null;
        }

        result = default!;
        return task.AsTask();
    }

    private static MethodInfo Find(string name) => typeof(InvocationResult).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;
}
