using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.Serialization.Invocation
{
    /// <summary>A call as an object: whose method, with which arguments.</summary>
    public interface IInvokable : IDisposable
    {
        /// <summary>Whether the method takes a cancellation token.</summary>
        bool IsCancellable { get; }

        /// <summary>How many arguments the call has, a cancellation token included.</summary>
        int GetArgumentCount();

        /// <summary>The argument at a position, from 0.</summary>
        object? GetArgument(int index);

        /// <summary>Replaces the argument at a position, from 0.</summary>
        void SetArgument(int index, object? value);

        /// <summary>The name of the method.</summary>
        string GetMethodName();

        /// <summary>The name of the interface that declares it.</summary>
        string GetInterfaceName();

        /// <summary>The interface that declares it.</summary>
        Type GetInterfaceType();

        /// <summary>The method of the interface.</summary>
        MethodInfo GetMethod();

        /// <summary>The object the call is made on, once it is known.</summary>
        object? GetTarget();

        /// <summary>The token that the callee sees.</summary>
        CancellationToken GetCancellationToken();

        /// <summary>The method's own response time-out, if it has one.</summary>
        TimeSpan? GetDefaultResponseTimeout();
    }
}

namespace Orleans
{
    /// <summary>A call on its way through the filters.</summary>
    public interface IGrainCallContext
    {
        /// <summary>The call.</summary>
        IInvokable Request { get; }

        /// <summary>The grain that is called.</summary>
        object Grain { get; }

        /// <summary>The caller, where it is a grain.</summary>
        GrainId? SourceId { get; }

        /// <summary>The grain that is called, by identity.</summary>
        GrainId TargetId { get; }

        /// <summary>The called interface, by identity.</summary>
        GrainInterfaceType InterfaceType { get; }

        /// <summary>The name of the called interface.</summary>
        string InterfaceName { get; }

        /// <summary>The name of the called method.</summary>
        string MethodName { get; }

        /// <summary>The called method of the interface.</summary>
        MethodInfo InterfaceMethod { get; }

        /// <summary>The result, after <see cref="Invoke"/>; may be replaced.</summary>
        object? Result { get; set; }

        /// <summary>Goes on to the next filter, in the end to the grain.</summary>
        Task Invoke();
    }

    /// <summary>A call that arrives at a grain.</summary>
    public interface IIncomingGrainCallContext : IGrainCallContext
    {
        /// <summary>The method of the grain class.</summary>
        MethodInfo ImplementationMethod { get; }

        /// <summary>The activation that is called.</summary>
        IGrainContext TargetContext { get; }
    }

    /// <summary>Sees every call that arrives at the grains of a silo; a grain class may implement it for its own.</summary>
    public interface IIncomingGrainCallFilter
    {
        /// <summary>Called in the turn of the grain; calls <see cref="IGrainCallContext.Invoke"/> to go on.</summary>
        Task Invoke(IIncomingGrainCallContext context);
    }

    /// <summary>An <see cref="IIncomingGrainCallFilter"/> as a function.</summary>
    public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);
}
