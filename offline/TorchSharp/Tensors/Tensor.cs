using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. It owns one native reference, which ends with <see cref="Dispose()"/>, with its scope, or
    /// with the finalizer; a call that is running on another thread keeps the memory until it returns.
    /// A disposed tensor throws <see cref="InvalidOperationException"/> on every use.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private static long _totalCount;
        private static long _peakCount;

        private nint _impl;

        // Twice the number of uses, the owner's included; the lowest bit says that the owner has let go.
        private int _uses = 2;

        internal Tensor(nint impl, bool register = true)
        {
            _impl = impl;
            var count = Interlocked.Increment(ref _totalCount);
            if (count > Volatile.Read(ref _peakCount)) Volatile.Write(ref _peakCount, count);
            if (register) OwningDisposeScope = DisposeScopeManager.ThreadSingleton.Register(this);
        }

        ~Tensor() => Dispose(false);

        /// <summary>Tensors of this process that are neither disposed nor finalised.</summary>
        public static long TotalCount => Interlocked.Read(ref _totalCount);

        /// <summary>The most there were at once.</summary>
        public static long PeakCount => Interlocked.Read(ref _peakCount);

        /// <summary>A name for the eye of whoever debugs.</summary>
        public string? name { get; set; }

        public bool IsInvalid => (Volatile.Read(ref _uses) & 1) != 0;

        /// <summary>The native pointer. Throws InvalidOperationException if the tensor is disposed.</summary>
        public IntPtr Handle
        {
            get
            {
                ThrowIfInvalid();
                return _impl;
            }
        }

        internal DisposeScope? OwningDisposeScope { get; set; }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (!LetGo(out var free)) return;
            DisposeScopeManager.ThreadSingleton.Disposing(this);
            OwningDisposeScope?.MarkAsDisposed(this);
            Interlocked.Decrement(ref _totalCount);
            if (free) Free();
        }

        /// <summary>Hands the tensor to the scope around its own; without one it belongs to nobody.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of all scopes: from now on its holder disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null) other?.Attach(this);
            else OwningDisposeScope.MoveToOther(other, this);
            return this;
        }

        /// <summary>A second, independent handle to the same native tensor.</summary>
        public unsafe Tensor alias()
        {
            nint result;
            var impl = Acquire();
            try
            {
                NativeMethods.Check(NativeMethods.tc_tensor_alias(impl, &result));
            }
            finally
            {
                Release();
            }

            return new Tensor(result);
        }

        /// <summary>Takes a use of the native tensor, which <see cref="Release"/> gives back.</summary>
        internal nint Acquire()
        {
            for (; ; )
            {
                var uses = Volatile.Read(ref _uses);
                if ((uses & 1) != 0) ThrowIfInvalid();
                if (Interlocked.CompareExchange(ref _uses, uses + 2, uses) == uses) return _impl;
            }
        }

        internal void Release()
        {
            if (Interlocked.Add(ref _uses, -2) == 1) Free();
        }

        /// <summary>Makes this tensor empty and hands its native reference to a new owner.</summary>
        internal nint MoveHandle()
        {
            ThrowIfInvalid();
            var impl = _impl;
            if (!LetGo(out var free) || !free) throw new InvalidOperationException("A tensor in use by another call cannot become a parameter.");
            GC.SuppressFinalize(this);
            Interlocked.Decrement(ref _totalCount);
            return impl;
        }

        private bool LetGo(out bool last)
        {
            for (; ; )
            {
                var uses = Volatile.Read(ref _uses);
                last = uses == 2;
                if ((uses & 1) != 0) return false;
                if (Interlocked.CompareExchange(ref _uses, (uses - 2) | 1, uses) == uses) return true;
            }
        }

        private void Free()
        {
            // A failure here is a destructor's, which no caller could mend.
            _ = NativeMethods.tc_tensor_release(_impl);
            _impl = 0;
        }

        private void ThrowIfInvalid()
        {
            if (IsInvalid) throw new InvalidOperationException("Tensor invalid: it was disposed, or became a parameter.");
        }
    }
}
