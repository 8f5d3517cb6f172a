using System.Runtime.CompilerServices;
using TorchSharp.Native;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>
        /// The bytes of a contiguous tensor on the processor, in place. The span holds nothing alive: keep the tensor
        /// until the last use of it.
        /// </summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var info = Readable();
                var length = info.Elements * info.ElementSize;
                if (length > int.MaxValue) throw new ArgumentException($"A span holds at most {int.MaxValue} bytes; the tensor has {length}.");
                return new Span<byte>(Data(), (int)length);
            }
            set
            {
                var info = Readable();
                var length = info.Elements * info.ElementSize;
                if (length != value.Length) throw new ArgumentException($"The bytes of a tensor: expected {length}, found {value.Length}.");
                value.CopyTo(new Span<byte>(Data(), value.Length));
            }
        }

        /// <summary>Reads and writes elements one by one. A tensor on another device is copied to the processor.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            ValidateType(typeof(T));
            return new TensorAccessor<T>(device_type == DeviceType.CPU ? this : cpu());
        }

        /// <summary>The one element of a tensor of one element. Throws ArgumentException for any other size or type.</summary>
        public unsafe T item<T>() where T : unmanaged
        {
            var info = Info();
            if (info.Elements != 1) throw new ArgumentException($"Number of elements in the tensor must be 1, found {info.Elements}.");
            ValidateType(typeof(T));
            if (info.Device >> 32 == (long)DeviceType.CPU) return *(T*)Data();
            using var here = cpu();
            return *(T*)here.Data();
        }

        public double ReadCpuDouble(long i) => ReadCpuValue<double>(i);
        public float ReadCpuSingle(long i) => ReadCpuValue<float>(i);
        public int ReadCpuInt32(long i) => ReadCpuValue<int>(i);
        public long ReadCpuInt64(long i) => ReadCpuValue<long>(i);
        public byte ReadCpuByte(long i) => ReadCpuValue<byte>(i);

        /// <summary>The i-th element in logical order.</summary>
        public T ReadCpuValue<T>(long i) where T : unmanaged => data<T>().At(i);

        /// <summary>The one element as a scalar.</summary>
        public Scalar ToScalar()
        {
            var type = dtype;
            return type == ScalarType.Bool ? item<bool>() : torch.is_floating_point(type) ? AsDouble() : AsLong();
        }

        public static explicit operator float(Tensor value) => (float)value.AsDouble();
        public static explicit operator double(Tensor value) => value.AsDouble();
        public static explicit operator int(Tensor value) => (int)value.AsLong();
        public static explicit operator long(Tensor value) => value.AsLong();
        public static explicit operator bool(Tensor value) => value.AsDouble() != 0;

        public void WriteBytesToStream(Stream stream, int bufferSize = 1024) => Chunks(bufferSize, static (s, span) => s.Write(span), stream);

        /// <summary>Fills the tensor from a stream. Throws EndOfStreamException if the stream ends before.</summary>
        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024) => Chunks(bufferSize, static (s, span) => s.ReadExactly(span), stream);

        internal double AsDouble()
        {
            using var value = to_type(ScalarType.Float64);
            return value.item<double>();
        }

        internal long AsLong()
        {
            using var value = to_type(ScalarType.Int64);
            return value.item<long>();
        }

        internal void ValidateType(Type type)
        {
            var expected = dtype;
            if (TypeOf(type) != expected) throw new ArgumentException($"{type.Name} is not compatible with {expected}");
        }

        /// <summary>The address of the first element, valid while the tensor lives.</summary>
        internal unsafe void* Data()
        {
            void* data;
            var impl = Acquire();
            try
            {
                NativeMethods.Check(NativeMethods.tc_tensor_data(impl, &data));
            }
            finally
            {
                Release();
            }

            return data;
        }

        private unsafe void Chunks(int size, SpanAction action, Stream stream)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
            var info = Readable();
            var length = info.Elements * info.ElementSize;
            // The caller's small buffer size is for streams that copy; a span over the tensor needs none.
            const long most = 1 << 20;
            var data = (byte*)Data();
            for (long at = 0; at < length; at += most) action(stream, new Span<byte>(data + at, (int)Math.Min(most, length - at)));
            GC.KeepAlive(this);
        }

        private delegate void SpanAction(Stream stream, Span<byte> span);

        private TensorInfo Readable([CallerMemberName] string member = "")
        {
            var info = Info();
            if (info.Contiguous == 0) throw new InvalidOperationException($"{member}: called on a non-contiguous tensor.");
            if (info.Device >> 32 != (long)DeviceType.CPU)
            {
                throw new InvalidOperationException($"{member}: the tensor is on {Device.Unpack(info.Device)}; copy it to the cpu first.");
            }

            return info;
        }
    }
}
