using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>A call on its way through the silo's filters, then the grain's own, to the grain.</summary>
internal sealed class IncomingCall : IIncomingGrainCallContext
{
    private readonly Activation _activation;
    private readonly Message _message;
    private int _stage;

    private IncomingCall(Activation activation, Message message)
    {
        _activation = activation;
        _message = message;
    }

    public IInvokable Request => _message.Request;

    public object Grain => _activation.GrainInstance!;

    public IGrainContext TargetContext => _activation;

    public GrainId? SourceId => _message.Sender;

    public GrainId TargetId => _message.Target;

    public string InterfaceName => _message.Request.GetInterfaceName();

    public GrainInterfaceType InterfaceType => typeof(IAddressable).IsAssignableFrom(_message.Request.GetInterfaceType())
        ? GrainInterface.Of(_message.Request.GetInterfaceType()).Name
        : GrainInterfaceType.Create(_message.Request.GetInterfaceType().FullName!);

    public string MethodName => _message.Request.GetMethodName();

    public MethodInfo InterfaceMethod => _message.Request.GetMethod();

    public MethodInfo ImplementationMethod => _activation.Class.ImplementationOf(InterfaceMethod);

    public object? Result
    {
        get => _message.Request.BoxedResult;
        set => _message.Request.BoxedResult = value;
    }

    /// <summary>Runs a message through the filters. Null where all ended at once, else what it ends with.</summary>
    public static Task? Run(Activation activation, Message message)
    {
        var task = new IncomingCall(activation, message).Invoke();
        return task.IsCompletedSuccessfully ? null : task;
    }

    public Task Invoke()
    {
        var filters = _activation.Silo.Filters;
        var stage = _stage++;
        try
        {
            if (stage < filters.Length) return filters[stage].Invoke(this);
            if (stage == filters.Length && Grain is IIncomingGrainCallFilter own) return own.Invoke(this);
            var task = _message.Request.Invoke(Grain);
            return task is null ? Task.CompletedTask : FinishAsync(task);
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    private async Task FinishAsync(Task task)
    {
        await task;
        _message.Request.TakeResult(task);
    }
}
