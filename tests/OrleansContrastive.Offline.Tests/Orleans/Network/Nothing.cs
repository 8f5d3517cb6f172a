using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>A request that never arrives anywhere.</summary>
internal sealed class Nothing : Request<NoResult>
{
    public override int GetArgumentCount() => 0;

    public override object? GetArgument(int index) => throw new ArgumentOutOfRangeException(nameof(index));

    public override void SetArgument(int index, object? value) => throw new ArgumentOutOfRangeException(nameof(index));

    public override Type GetInterfaceType() => typeof(IHomeGrain);

    public override MethodInfo GetMethod() => typeof(IHomeGrain).GetMethod(nameof(IHomeGrain.WhereAsync))!;

    public override void DetachResult()
    {
        // There is none.
    }

    protected override Task? InvokeCore(object target) => null;
}
