using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>One call: a method, its arguments, and after it ran its result.</summary>
internal abstract class Request : IInvokable
{
    private CancellationTokenSource? _cancellation;
    private int _cancelRequested;

    protected object? Target { get; private set; }

    /// <summary>What the callee's token is bound to; null where nobody can cancel.</summary>
    public CancellationTokenSource? Cancellation
    {
        get => _cancellation;
        init => _cancellation = value;
    }

    public bool IsCancellationRequested => Volatile.Read(ref _cancelRequested) != 0;

    public virtual bool IsCancellable => false;

    /// <summary>The method; null for what never leaves its activation.</summary>
    public virtual GrainMethod? GrainMethod => null;

    /// <summary>Calls the method. Null where it ended at once with a result, else what it ends with.</summary>
    public Task? Invoke(object target)
    {
        Target = target;
        return InvokeCore(target);
    }

    /// <summary>Takes the result of a task that <see cref="Invoke"/> returned and that ended well.</summary>
    public abstract void TakeResult(Task task);

    /// <summary>Makes the result one that shares nothing with the callee.</summary>
    public abstract void DetachResult();

    /// <summary>The result, boxed; for filters.</summary>
    public abstract object? BoxedResult { get; set; }

    /// <summary>Writes the arguments for another process.</summary>
    public virtual void EncodeArguments(WireWriter writer) => throw new SerializerException($"{this} cannot travel.");

    /// <summary>Writes the result for another process.</summary>
    public abstract void EncodeResult(WireWriter writer);

    /// <summary>Takes the result that another process wrote.</summary>
    public abstract void DecodeResult(WireReader reader);

    /// <summary>Marks the call as given up; true the first time.</summary>
    public bool RequestCancellation() => Interlocked.Exchange(ref _cancelRequested, 1) == 0;

    public CancellationToken GetCancellationToken() => _cancellation?.Token ?? default;

    public object? GetTarget() => Target;

    public string GetMethodName() => GetMethod().Name;

    public string GetInterfaceName() => GetInterfaceType().Name;

    public abstract int GetArgumentCount();

    public abstract object? GetArgument(int index);

    public abstract void SetArgument(int index, object? value);

    public abstract Type GetInterfaceType();

    public abstract MethodInfo GetMethod();

    public virtual TimeSpan? GetDefaultResponseTimeout() => null;

    public void Dispose() => _cancellation?.Dispose();

    public override string ToString() => $"{GetInterfaceName()}.{GetMethodName()}";

    protected abstract Task? InvokeCore(object target);
}

/// <summary>A call with a result; <see cref="NoResult"/> stands for none.</summary>
internal abstract class Request<TResult> : Request
{
    private TResult? _result;

    public TResult Result => _result!;

    public override object? BoxedResult
    {
        get => typeof(TResult) == typeof(NoResult) ? null : _result;
        set => _result = typeof(TResult) == typeof(NoResult) ? default : (TResult?)value;
    }

    public override void TakeResult(Task task)
    {
        if (typeof(TResult) != typeof(NoResult)) _result = Unsafe.As<Task<TResult>>(task).Result;
    }

    public override void EncodeResult(WireWriter writer)
    {
        if (typeof(TResult) != typeof(NoResult)) CodecOf<TResult>.Write(writer, 0, _result!);
    }

    public override void DecodeResult(WireReader reader)
    {
        if (typeof(TResult) != typeof(NoResult)) _result = CodecOf<TResult>.Read(reader, reader.ReadTag());
    }

    protected void SetResult(TResult result) => _result = result;
}

/// <summary>A call of a grain's method.</summary>
internal sealed class Request<TArguments, TResult>(GrainMethod<TArguments, TResult> method, TArguments arguments)
    : Request<TResult>
    where TArguments : struct
{
    private TArguments _arguments = arguments;

    public override bool IsCancellable => method.TakesToken;

    public override GrainMethod GrainMethod => method;

    public override int GetArgumentCount() => method.ParameterTypes.Length + (method.TakesToken ? 1 : 0);

    public override object? GetArgument(int index) =>
        index == method.ParameterTypes.Length && method.TakesToken
            ? GetCancellationToken()
            : _arguments is ITuple tuple ? tuple[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public override void SetArgument(int index, object? value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)method.ParameterTypes.Length, nameof(index));
        object box = _arguments;
        ArgumentTuple.Set(box, index, value);
        _arguments = (TArguments)box;
    }

    public override Type GetInterfaceType() => method.InterfaceType;

    public override MethodInfo GetMethod() => method.Method;

    public override TimeSpan? GetDefaultResponseTimeout() => method.ResponseTimeout;

    public override void DetachResult()
    {
        if (method.CopiesResult) SetResult(method.CopyResult(Result));
    }

    public override void EncodeArguments(WireWriter writer)
    {
        if (typeof(TArguments) != typeof(NoArguments)) CodecOf<TArguments>.Write(writer, 0, _arguments);
    }

    protected override Task? InvokeCore(object target)
    {
        var task = method.Invoker(target, in _arguments, GetCancellationToken(), out var result);
        SetResult(result);
        return task;
    }
}

/// <summary>The result of a method without one.</summary>
internal readonly struct NoResult;

/// <summary>The arguments of a method without any, but perhaps a token.</summary>
internal readonly struct NoArguments;
