using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Until disposed, this thread records nothing for backward.</summary>
    public static IDisposable no_grad() => new AutoGradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    public static bool is_grad_enabled() => NativeMethods.tc_grad_mode() != 0;

    /// <summary>
    /// Until disposed, this thread makes tensors that can never take part in backward. End it on the same thread.
    /// </summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => NativeMethods.tc_inference_mode() != 0;

    private sealed class AutoGradMode : IDisposable
    {
        private readonly int _before = NativeMethods.tc_grad_mode();
        private bool _ended;

        public AutoGradMode(bool enabled) => NativeMethods.tc_set_grad_mode(enabled ? 1 : 0);

        public void Dispose()
        {
            if (_ended) return;
            _ended = true;
            NativeMethods.tc_set_grad_mode(_before);
        }
    }

    private sealed unsafe class InferenceMode : IDisposable
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private nint _guard;

        public InferenceMode(bool enabled)
        {
            nint guard;
            NativeMethods.Check(NativeMethods.tc_inference_begin(enabled ? 1 : 0, &guard));
            _guard = guard;
        }

        public void Dispose()
        {
            if (_guard == 0) return;
            if (_thread != Environment.CurrentManagedThreadId)
            {
                throw new InvalidOperationException($"Inference mode was begun on thread {_thread} and cannot end on thread {Environment.CurrentManagedThreadId}.");
            }

            NativeMethods.Check(NativeMethods.tc_inference_end(_guard));
            _guard = 0;
        }
    }
}
