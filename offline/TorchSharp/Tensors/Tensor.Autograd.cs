using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Detach = new("aten::detach");
    public static readonly Op DetachInPlace = new("aten::detach_");
}

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether operations on this tensor are recorded for backward.</summary>
        public bool requires_grad
        {
            get => Info().RequiresGrad != 0;
            set
            {
                var impl = Acquire();
                try
                {
                    NativeMethods.Check(NativeMethods.tc_set_requires_grad(impl, value ? 1 : 0));
                }
                finally
                {
                    Release();
                }
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Keeps the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad()
        {
            var impl = Acquire();
            try
            {
                NativeMethods.Check(NativeMethods.tc_retain_grad(impl));
            }
            finally
            {
                Release();
            }
        }

        /// <summary>A new handle to the gradient, or null where there is none.</summary>
        public unsafe Tensor? grad
        {
            get
            {
                nint result;
                var impl = Acquire();
                try
                {
                    NativeMethods.Check(NativeMethods.tc_grad(impl, &result));
                }
                finally
                {
                    Release();
                }

                return result == 0 ? null : new Tensor(result);
            }
            set
            {
                var impl = Acquire();
                try
                {
                    var gradient = value?.Acquire() ?? 0;
                    try
                    {
                        NativeMethods.Check(NativeMethods.tc_set_grad(impl, gradient));
                    }
                    finally
                    {
                        value?.Release();
                    }
                }
                finally
                {
                    Release();
                }
            }
        }

        public void backward() => autograd.backward(this);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>The same memory, outside the graph.</summary>
        public Tensor detach() => Dispatch.Run(Aten.Detach, this);

        public Tensor detach_() => Dispatch.RunInPlace(Aten.DetachInPlace, this);
    }

    /// <summary>Gradients.</summary>
    public static partial class autograd
    {
        /// <summary>Adds the gradients of <paramref name="tensors"/> to the leaves, or to <paramref name="inputs"/> only.</summary>
        public static unsafe void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            using var roots = new Handles(tensors);
            using var gradients = new Handles(grad_tensors ?? []);
            using var leaves = new Handles(inputs ?? []);
            fixed (nint* r = roots.Values, g = gradients.Values, l = leaves.Values)
            {
                NativeMethods.Check(NativeMethods.tc_backward(r, roots.Count, g, gradients.Count,
                    (retain_graph ?? create_graph) ? 1 : 0, create_graph ? 1 : 0, l, leaves.Count));
            }
        }

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>
        /// The gradients of <paramref name="outputs"/> with respect to <paramref name="inputs"/>, one per input; nothing is
        /// added to any leaf. An input that is not used throws, unless <paramref name="allow_unused"/>.
        /// </summary>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            using var roots = new Handles(outputs);
            using var leaves = new Handles(inputs);
            using var gradients = new Handles(grad_outputs ?? []);
            var results = new nint[leaves.Count];
            fixed (nint* r = roots.Values, l = leaves.Values, g = gradients.Values, o = results)
            {
                NativeMethods.Check(NativeMethods.tc_gradients(r, roots.Count, l, leaves.Count, g, gradients.Count,
                    retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, o));
            }

            return results.Select(handle => handle == 0 ? null! : new Tensor(handle)).ToList();
        }

        /// <summary>Uses of a list of tensors for the length of a call.</summary>
        private readonly ref struct Handles : IDisposable
        {
            private readonly Tensor[] _tensors;

            public unsafe Handles(IList<Tensor> tensors)
            {
                _tensors = tensors as Tensor[] ?? tensors.ToArray();
                Values = new nint[_tensors.Length];
                fixed (nint* values = Values) TensorSpan.Acquire(_tensors, values);
            }

            public nint[] Values { get; }

            public int Count => Values.Length;

            public void Dispose() => TensorSpan.Release(_tensors);
        }
    }
}
