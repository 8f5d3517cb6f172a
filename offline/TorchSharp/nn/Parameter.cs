namespace TorchSharp.Modules;

/// <summary>A tensor that a module learns. It takes the memory of the tensor it is made from, which becomes empty.</summary>
public class Parameter : torch.Tensor
{
    public Parameter(torch.Tensor data, bool requires_grad = true) : base(data.with_requires_grad(requires_grad).MoveHandle(), register: false)
    {
        DisposeScope.Replace(data, this);
    }
}
