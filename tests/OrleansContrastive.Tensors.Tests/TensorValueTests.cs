using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class TensorValueTests : TensorTest
{
    [Fact]
    public void Operators_between_tensors_and_numbers()
    {
        var a = tensor(new float[] { 1, 2, 4 });
        AssertElements([3, 5, 9], a * 2 + 1);
        AssertElements([0, -1, -3], 1 - a);
        AssertElements([1, 0.5f, 0.25f], 1f / a);
        AssertElements([0.5f, 1, 2], a / 2.0);
        AssertElements([-1, -2, -4], -a);
        AssertElements([1, 4, 16], a.pow(2));
        Assert.Equal([false, false, true], (a > 2).data<bool>().ToArray());
        Assert.Equal([false, true, false], (a == tensor(new float[] { 0, 2, 0 })).data<bool>().ToArray());
    }

    [Fact]
    public void Writing_operators_change_the_tensor_and_answer_it()
    {
        var a = tensor(new float[] { 1, 2 });
        Assert.Same(a, a.add_(1));
        a.mul_(2).sub_(1);
        AssertElements([3, 5], a);
        AssertElements([4, 6], a.lerp_(tensor(new float[] { 5, 7 }), tensor(0.5f)));
        Assert.Same(a, a.copy_(zeros(2)));
        AssertElements([0, 0], a);
    }

    [Fact]
    public void Products_of_matrices()
    {
        var a = tensor(new float[] { 1, 2, 3, 4 }, [2, 2]);
        AssertElements([7, 10, 15, 22], a.matmul(a));
        AssertElements([7, 10, 15, 22], a.mm(a));
        AssertElements([8, 11, 16, 23], ones(2, 2).addmm(a, a));
        AssertElements([5, 25], einsum("nc,nc->n", a, a));
        AssertElements([5, 25], bmm(a.unsqueeze(1), a.unsqueeze(2)).flatten());
    }

    [Fact]
    public void Reductions_by_dimension()
    {
        var a = tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]);
        Assert.Equal(21f, a.sum().item<float>());
        AssertElements([5, 7, 9], a.sum(dim: 0));
        AssertElements([2, 5], a.mean([1]));
        Assert.Equal([2L, 1L], a.mean([1], keepdim: true).shape);
        var (values, indexes) = a.max(1);
        AssertElements([3, 6], values);
        Assert.Equal([2L, 2L], indexes.data<long>().ToArray());
        AssertElements([1, 4], a.amin([1]));
        AssertElements([1, 1], a.var(1));
        AssertElements([2f / 3, 2f / 3], a.var(1, unbiased: false));
        AssertElements([3.4076059f, 6.4076059f], a.logsumexp(1), 1e-5f);
        AssertElements([1, 3, 6, 4, 9, 15], a.cumsum(1).flatten());
        Assert.Equal(Math.Sqrt(91), a.norm().item<float>(), 1e-5);
        Assert.Equal([1L, 1L], (a > 2).sum(1).sub(tensor(new long[] { 0, 2 })).data<long>().ToArray());
    }

    [Fact]
    public void The_largest_and_their_places()
    {
        var a = tensor(new float[] { 3, 1, 2, 9, 7, 8 }, [2, 3]);
        var (values, places) = a.topk(2);
        AssertElements([3, 2, 9, 8], values.flatten());
        Assert.Equal([0L, 2L, 0L, 2L], places.flatten().data<long>().ToArray());
        var (sorted, order) = a.sort(1);
        AssertElements([1, 2, 3, 7, 8, 9], sorted.flatten());
        Assert.Equal([1L, 2L, 0L, 1L, 2L, 0L], order.flatten().data<long>().ToArray());
        Assert.Equal([0L, 0L], a.argmax(1).data<long>().ToArray());
    }

    [Fact]
    public void Shapes_change_without_moving_elements()
    {
        var a = arange(6, ScalarType.Float32).view(2, 3);
        Assert.Equal([3L, 2L], a.t().shape);
        Assert.False(a.t().is_contiguous());
        AssertElements([0, 3, 1, 4, 2, 5], a.t().contiguous().view(-1));
        AssertElements([0, 3, 1, 4, 2, 5], a.permute(1, 0).reshape(6));
        Assert.Equal([1L, 2L, 1L, 3L], a.unsqueeze(1).unsqueeze(0).shape);
        Assert.Equal([2L, 3L], a.unsqueeze(0).squeeze(0).shape);
        Assert.Equal([4L, 2L, 3L], a.expand(4, 2, 3).shape);
        Assert.Equal([4L, 3L], a.repeat(2, 1).shape);
        Assert.Equal([3L, 1L], a.stride());
        Assert.Equal([6L], a.flatten().shape);
    }

    [Fact]
    public void Joining_and_cutting()
    {
        var a = arange(6, ScalarType.Float32).view(3, 2);
        Assert.Equal([6L, 2L], cat([a, a]).shape);
        Assert.Equal([3L, 4L], cat([a, a], 1).shape);
        Assert.Equal([2L, 3L, 2L], stack([a, a]).shape);
        Assert.Equal([2L, 1L], a.split(2).Select(t => t.shape[0]));
        Assert.Equal([1L, 2L], a.split([1L, 2L], 0).Select(t => t.shape[0]));
        Assert.Equal([2L, 1L], a.chunk(2).Select(t => t.shape[0]));
        Assert.Equal(3, a.unbind().Length);
    }

    [Fact]
    public void Indexing_by_places_slices_and_tensors()
    {
        var a = arange(12, ScalarType.Float32).view(3, 4);
        AssertElements([4, 5, 6, 7], a[1]);
        Assert.Equal(6f, a[1, 2].item<float>());
        AssertElements([0, 4, 8], a[TensorIndex.Colon, TensorIndex.Single(0)]);
        AssertElements([3, 7, 11], a[TensorIndex.Ellipsis, TensorIndex.Single(-1)]);
        AssertElements([1, 2, 5, 6], a[TensorIndex.Slice(0, 2), TensorIndex.Slice(1, 3)].flatten());
        AssertElements([0, 8], a[TensorIndex.Slice(null, null, 2), TensorIndex.Single(0)]);
        Assert.Equal([3L, 1L, 4L], a[TensorIndex.Colon, TensorIndex.None].shape);
        AssertElements([8, 0], a[TensorIndex.Tensor(tensor(new long[] { 2, 0 })), TensorIndex.Single(0)]);
        AssertElements([9, 10, 11], a[TensorIndex.Tensor(a > 8)]);
        AssertElements([8, 9, 10, 11, 0, 1, 2, 3], a.index_select(0, tensor(new long[] { 2, 0 })).flatten());
        AssertElements([1, 6, 8], a.gather(1, tensor(new long[] { 1, 2, 0 }).unsqueeze(1)).flatten());
        AssertElements([2, 3], a.narrow(1, 2, 2)[0]);
    }

    [Fact]
    public void Writing_through_indices()
    {
        var a = zeros(3, 2);
        a[1] = ones(2);
        a[TensorIndex.Colon, TensorIndex.Single(1)] = full(3, 5f);
        AssertElements([0, 5, 1, 5, 0, 5], a.flatten());
        a.index_copy_(0, tensor(new long[] { 2 }), full(1, 2, 9f));
        AssertElements([9, 9], a[2]);
        a.masked_fill_(a > 4, -1);
        AssertElements([0, -1, 1, -1, -1, -1], a.flatten());
        var counts = zeros(3).scatter_add_(0, tensor(new long[] { 0, 2, 2 }), ones(3));
        AssertElements([1, 0, 2], counts);
    }

    [Fact]
    public void Element_types_convert()
    {
        var a = tensor(new float[] { 1.5f, -2.5f });
        Assert.Equal([1L, -2L], a.to_type(ScalarType.Int64).data<long>().ToArray());
        Assert.Equal(ScalarType.Float64, a.to(ScalarType.Float64).dtype);
        var half = a.bfloat16();
        Assert.Equal(2, half.element_size());
        AssertElements([1.5f, -2.5f], half.@float());
        Assert.Equal([true, true], a.@bool().data<bool>().ToArray());
        Assert.Equal(1.5f, half.data<BFloat16>()[0].ToSingle());
    }

    [Fact]
    public void Bytes_are_the_memory_itself()
    {
        var a = zeros(2);
        a.bytes = MemoryMarshal.AsBytes(new float[] { 1, 2 }.AsSpan());
        AssertElements([1, 2], a);
        MemoryMarshal.Cast<byte, float>(a.bytes)[0] = 7;
        AssertElements([7, 2], a);
        Assert.Throws<ArgumentException>(() => a.bytes = new byte[7]);
        Assert.Throws<InvalidOperationException>(() => rand(2, 3).t().bytes.Length);
    }

    [Fact]
    public void Elements_come_in_logical_order_whatever_the_strides()
    {
        var a = arange(6, ScalarType.Float32).view(2, 3).t();
        AssertElements([0, 3, 1, 4, 2, 5], a);
        Assert.Equal(4f, a.data<float>()[1, 1]);
        Assert.Throws<ArgumentException>(() => a.data<double>());
        Assert.Throws<ArgumentException>(() => a.item<float>());
    }

    [Fact]
    public void A_buffer_of_floats_is_shared_and_of_another_type_converted()
    {
        var array = new float[] { 1, 2, 3, 4 };
        var shared = frombuffer(array, ScalarType.Float32, 3, 1);
        array[1] = 9;
        AssertElements([9, 3, 4], shared);
        shared.fill_(0);
        Assert.Equal([1f, 0, 0, 0], array);
        AssertElements([1, 2], frombuffer(new double[] { 1, 2 }, ScalarType.Float32));
    }

    [Fact]
    public void Arrays_are_copied()
    {
        var array = new float[] { 1, 2 };
        var a = tensor(array);
        array[0] = 5;
        AssertElements([1, 2], a);
        Assert.Equal([2L, 2L], tensor(new long[,] { { 1, 2 }, { 3, 4 } }).shape);
        Assert.Throws<ArgumentException>(() => tensor(array, [3L]));
    }

    [Fact]
    public void Factories()
    {
        Assert.Equal(ScalarType.Int64, arange(3).dtype);
        Assert.Equal(ScalarType.Float32, arange(0, 1, 0.5).dtype);
        Assert.Equal([3L], arange(3).shape);
        AssertElements([1, 0, 0, 1], eye(2).flatten());
        AssertElements([2, 2], full([2], 2f));
        Assert.Equal(ScalarType.Float64, zeros([2], ScalarType.Float64).dtype);
        Assert.Equal([2L, 3L], ones_like(zeros(2, 3)).shape);
        AssertElements([0, 0.5f, 1], linspace(0, 1, 3));
        Assert.Equal([0L, 1L, 2L, 3L], randperm(4).sort().Values.data<long>().ToArray());
        Assert.True(zeros(1, requires_grad: true).requires_grad);
    }

    [Fact]
    public void A_seed_repeats_its_draws()
    {
        random.manual_seed(11);
        var first = randn(5);
        random.manual_seed(11);
        Assert.True(first.Equals(randn(5)));
        Assert.False(first.Equals(randn(5)));
    }

    [Fact]
    public void A_file_gives_the_tensor_back()
    {
        var path = Path.Combine(Path.GetTempPath(), $"tensor-{Guid.NewGuid():N}.pt");
        try
        {
            var a = rand(2, 3);
            save(a, path);
            Assert.True(a.Equals(load(path)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_disposed_tensor_says_so_on_every_use()
    {
        var a = ones(2);
        a.Dispose();
        a.Dispose();
        Assert.True(a.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => a.shape);
        Assert.Throws<InvalidOperationException>(() => a.add(1));
        Assert.Throws<InvalidOperationException>(() => ones(2).add(a));
        Assert.Throws<InvalidOperationException>(() => a.Handle);
    }

    [Fact]
    public void A_wrong_shape_is_an_exception_with_libtorchs_message()
    {
        var e = Assert.Throws<ExternalException>(() => zeros(2, 3).add(zeros(4, 5)));
        Assert.Contains("size of tensor a", e.Message);
    }
}
