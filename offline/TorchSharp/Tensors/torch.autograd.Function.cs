using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a function's forward pass keeps for its backward pass.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object?> _data = [];

            internal AutogradContext()
            {
            }

            internal IReadOnlyList<Tensor?> TensorsToSave { get; private set; } = [];

            internal int SavedCount { get; set; }

            // The native node, while its backward pass runs.
            internal nint Node { get; set; }

            /// <summary>Keeps tensors for the backward pass; called at most once, in forward.</summary>
            public void save_for_backward(List<Tensor> tensors) => TensorsToSave = tensors;

            /// <summary>Keeps anything else.</summary>
            public void save_data(string key, object value) => _data[key] = value;

            /// <summary>What was kept under the key, or null.</summary>
            public object get_data(string key) => _data.GetValueOrDefault(key)!;

            /// <summary>The tensors that forward kept; libtorch checks that nobody has changed them since.</summary>
            public unsafe List<Tensor> get_saved_variables()
            {
                if (Node == 0) throw new InvalidOperationException("Saved tensors can be read in the backward pass only.");
                var handles = new nint[SavedCount];
                fixed (nint* h = handles) NativeMethods.Check(NativeMethods.tc_node_saved(Node, h, handles.Length));
                return handles.Select(handle => new Tensor(handle)).ToList();
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
            }
        }

        /// <summary>A differentiable function with a managed backward pass; derive from <see cref="SingleTensorFunction{T}"/>.</summary>
        public abstract class Function<T> where T : Function<T>, new()
        {
            internal static T Instance { get; } = new();

            public abstract string Name { get; }
        }

        /// <summary>
        /// A function with one output, a tensor of its own. <c>apply</c> runs forward without gradients and, where
        /// gradients are recorded and an input asks for one, adds a node to the graph that calls backward.
        /// </summary>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            public static Tensor apply(params object[] vars)
            {
                var inputs = vars.OfType<Tensor>().ToArray();
                var context = new AutogradContext();
                var records = is_grad_enabled() && inputs.Any(input => input.requires_grad);
                Tensor output;
                using (no_grad()) output = Instance.forward(context, vars);
                if (records)
                {
                    var isTensor = Array.ConvertAll(vars, value => value is Tensor);
                    new ManagedNode(Instance.Name, context, isTensor, Instance.backward).Attach(inputs, output);
                }

                return output;
            }

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient for every argument of forward: null for those that are no tensors.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);
        }

        /// <summary>Answers libtorch's engine; the graph keeps it alive through a handle until it lets go of the node.</summary>
        private sealed unsafe class ManagedNode(
            string name, AutogradContext context, bool[] isTensor, Func<AutogradContext, Tensor, List<Tensor>> backward)
        {
            public void Attach(Tensor[] inputs, Tensor output)
            {
                using var variables = new Handles(inputs);
                using var outputs = new Handles([output]);
                using var saved = new Handles(context.TensorsToSave.Select(tensor =>
                    tensor ?? throw new ArgumentNullException(null, $"{name} saved a null tensor.")).ToArray());
                context.SavedCount = saved.Count;
                var self = GCHandle.ToIntPtr(GCHandle.Alloc(this));
                fixed (nint* i = variables.Values, o = outputs.Values, s = saved.Values)
                {
                    NativeMethods.Check(NativeMethods.tc_node_attach(
                        &Backward, &Done, self, i, variables.Count, o, outputs.Count, s, saved.Count));
                }
            }

            [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
            private static void Done(nint self) => GCHandle.FromIntPtr(self).Free();

            [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
            private static int Backward(
                nint self, nint node, nint* gradients, int count, nint* results, int resultCount, byte* message, int capacity)
            {
                try
                {
                    ((ManagedNode)GCHandle.FromIntPtr(self).Target!).Run(node, gradients, results, resultCount);
                    return 0;
                }
                catch (Exception error)
                {
                    // One byte stays zero and ends the text.
                    Encoding.UTF8.GetEncoder().Convert(
                        error.Message, new Span<byte>(message, capacity - 1), true, out _, out _, out _);
                    return 1;
                }
            }

            private void Run(nint node, nint* gradients, nint* results, int resultCount)
            {
                using var scope = NewDisposeScope();
                nint gradient;
                NativeMethods.Check(NativeMethods.tc_tensor_alias(gradients[0], &gradient));
                List<Tensor> answers;
                context.Node = node;
                try
                {
                    answers = backward(context, new Tensor(gradient));
                }
                finally
                {
                    context.Node = 0;
                }

                if (answers.Count != isTensor.Length)
                    throw new InvalidOperationException($"{name} returned {answers.Count} gradients, expected one for each of {isTensor.Length} arguments.");
                var next = 0;
                for (var i = 0; i < answers.Count; i++)
                {
                    if (!isTensor[i])
                    {
                        if (answers[i] is not null)
                            throw new InvalidOperationException($"{name} returned a gradient for argument {i}, which is no tensor.");
                        continue;
                    }

                    if (next == resultCount) throw new InvalidOperationException($"{name} has more than {resultCount} tensor arguments.");
                    if (answers[i] is { } answer) GiveAway(answer, &results[next]);
                    next++;
                }
            }

            private static void GiveAway(Tensor tensor, nint* result)
            {
                var impl = tensor.Acquire();
                try
                {
                    NativeMethods.Check(NativeMethods.tc_tensor_alias(impl, result));
                }
                finally
                {
                    tensor.Release();
                }
            }
        }
    }
}
