using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op IsNonzero = new("aten::is_nonzero");
    public static readonly Op IsPinned = new("aten::is_pinned");
}

public static partial class torch
{
    public partial class Tensor
    {
        private const int MostDims = 64;

        public long Dimensions => Info().Dims;

        public long dim() => Info().Dims;

        public long ndim => Info().Dims;

        public long NumberOfElements => Info().Elements;

        public long numel() => Info().Elements;

        /// <summary>Bytes in one element.</summary>
        public long ElementSize => Info().ElementSize;

        public long element_size() => Info().ElementSize;

        public ScalarType dtype => (ScalarType)Info().Type;

        public Device device => Device.Unpack(Info().Device);

        public DeviceType device_type => (DeviceType)(Info().Device >> 32);

        public int device_index => (int)Info().Device;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_leaf => Info().Leaf != 0;

        public bool is_contiguous() => Info().Contiguous != 0;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        /// <summary>The first element's place in the storage, in elements.</summary>
        public long storage_offset() => Info().StorageOffset;

        /// <summary>True where the one element is not zero.</summary>
        public bool is_nonzero()
        {
            if (numel() != 1) throw new InvalidOperationException("is_nonzero() called on non-singleton tensor");
            return Dispatch.RunBool(Aten.IsNonzero, this);
        }

        public bool is_pinned() => Dispatch.RunBool(Aten.IsPinned, this);

        /// <summary>The sizes, one per dimension.</summary>
        public long[] shape => Sizes(strides: false);

        public long[] size() => shape;

        /// <summary>The size of a dimension; negative numbers count from the last.</summary>
        public unsafe long size(int dim)
        {
            var sizes = stackalloc long[MostDims];
            var dims = Sizes(sizes, null);
            return sizes[Wrap(dim, dims)];
        }

        public long[] stride() => Sizes(strides: true);

        public unsafe long stride(int dim)
        {
            var strides = stackalloc long[MostDims];
            var dims = Sizes(null, strides);
            return strides[Wrap(dim, dims)];
        }

        internal unsafe TensorInfo Info()
        {
            TensorInfo info;
            var impl = Acquire();
            try
            {
                NativeMethods.Check(NativeMethods.tc_tensor_info(impl, &info));
            }
            finally
            {
                Release();
            }

            return info;
        }

        private static int Wrap(int dim, int dims)
        {
            if (dim < -dims || dim >= dims) throw new IndexOutOfRangeException($"Dimension {dim}: expected one from {-dims} to {dims - 1}.");
            return dim < 0 ? dim + dims : dim;
        }

        private unsafe long[] Sizes(bool strides)
        {
            var values = stackalloc long[MostDims];
            var dims = strides ? Sizes(null, values) : Sizes(values, null);
            return new ReadOnlySpan<long>(values, dims).ToArray();
        }

        private unsafe int Sizes(long* sizes, long* strides)
        {
            TensorInfo info;
            var impl = Acquire();
            try
            {
                NativeMethods.Check(NativeMethods.tc_tensor_info(impl, &info));
                NativeMethods.Check(NativeMethods.tc_tensor_sizes(impl, sizes, strides, MostDims));
            }
            finally
            {
                Release();
            }

            return info.Dims;
        }
    }
}
