using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Sum = new("aten::sum");
    public static readonly Op SumDim = new("aten::sum", "dim_IntList");
    public static readonly Op Mean = new("aten::mean");
    public static readonly Op MeanDim = new("aten::mean", "dim");
    public static readonly Op Prod = new("aten::prod");
    public static readonly Op ProdDim = new("aten::prod", "dim_int");
    public static readonly Op Max = new("aten::max");
    public static readonly Op MaxDim = new("aten::max", "dim");
    public static readonly Op Min = new("aten::min");
    public static readonly Op MinDim = new("aten::min", "dim");
    public static readonly Op Amax = new("aten::amax");
    public static readonly Op Amin = new("aten::amin");
    public static readonly Op Argmax = new("aten::argmax");
    public static readonly Op Argmin = new("aten::argmin");
    public static readonly Op All = new("aten::all");
    public static readonly Op AllDim = new("aten::all", "dim");
    public static readonly Op Any = new("aten::any");
    public static readonly Op AnyDim = new("aten::any", "dim");
    public static readonly Op Var = new("aten::var");
    public static readonly Op VarDim = new("aten::var", "dim");
    public static readonly Op Std = new("aten::std");
    public static readonly Op StdDim = new("aten::std", "dim");
    public static readonly Op VarMeanDim = new("aten::var_mean", "dim");
    public static readonly Op NormScalar = new("aten::norm", "Scalar");
    public static readonly Op NormDim = new("aten::norm", "ScalarOpt_dim");
    public static readonly Op Logsumexp = new("aten::logsumexp");
    public static readonly Op Cumsum = new("aten::cumsum");
    public static readonly Op Topk = new("aten::topk");
    public static readonly Op Sort = new("aten::sort", "stable");
    public static readonly Op Argsort = new("aten::argsort");
    public static readonly Op CountNonzero = new("aten::count_nonzero", "dim_IntList");
    public static readonly Op Median = new("aten::median");
    public static readonly Op Bincount = new("aten::bincount");
    public static readonly Op Unique = new("aten::_unique2");
    public static readonly Op Kthvalue = new("aten::kthvalue");
    public static readonly Op Quantile = new("aten::quantile");
}

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Dispatch.Run(Aten.Sum, this, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Dispatch.Run(Aten.SumDim, this, dim, keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => sum(dim.ToArray(), keepdim, type);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Dispatch.Run(Aten.SumDim, this, Arg.One(dim), keepdim, type);
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) =>
            Dispatch.Run(Aten.SumDim, this, Arg.Pair(dim0, dim1), keepdim, type);

        public Tensor mean() => Dispatch.Run(Aten.Mean, this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            Dispatch.Run(Aten.MeanDim, this, dimensions, keepdim, type);

        public Tensor prod(ScalarType? type = null) => Dispatch.Run(Aten.Prod, this, type);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Dispatch.Run(Aten.ProdDim, this, dim, keepdim, type);

        public Tensor max() => Dispatch.Run(Aten.Max, this);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Dispatch.Run2(Aten.MaxDim, this, dim, keepdim);
        public Tensor min() => Dispatch.Run(Aten.Min, this);
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Dispatch.Run2(Aten.MinDim, this, dim, keepdim);
        public Tensor amax(params long[] dims) => amax(dims, false);
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(Dispatch.Run(Aten.Amax, this, dims, keepdim), @out);
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amax(dims.ToArray(), keepdim, @out);
        public Tensor amin(params long[] dims) => amin(dims, false);
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(Dispatch.Run(Aten.Amin, this, dims, keepdim), @out);
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amin(dims.ToArray(), keepdim, @out);
        public Tensor argmax() => Dispatch.Run(Aten.Argmax, this);
        public Tensor argmax(long dim, bool keepdim = false) => Dispatch.Run(Aten.Argmax, this, dim, keepdim);
        public Tensor argmin() => Dispatch.Run(Aten.Argmin, this);
        public Tensor argmin(long dim, bool keepdim = false) => Dispatch.Run(Aten.Argmin, this, dim, keepdim);
        public Tensor median() => Dispatch.Run(Aten.Median, this);

        public Tensor all() => Dispatch.Run(Aten.All, this);
        public Tensor all(long dim, bool keepdim = false) => Dispatch.Run(Aten.AllDim, this, dim, keepdim);
        public Tensor any() => Dispatch.Run(Aten.Any, this);
        public Tensor any(long dim, bool keepdim = false) => Dispatch.Run(Aten.AnyDim, this, dim, keepdim);
        public Tensor count_nonzero(long[]? dims = null) => Dispatch.Run(Aten.CountNonzero, this, dims ?? []);

        public Tensor var(bool unbiased = true) => Dispatch.Run(Aten.Var, this, unbiased);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(Dispatch.Run(Aten.VarDim, this, dimensions, unbiased, keepdim), type);
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            var(dimensions.ToArray(), unbiased, keepdim, type);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(Dispatch.Run(Aten.VarDim, this, Arg.One(dim), unbiased, keepdim), type);
        public Tensor std(bool unbiased = true) => Dispatch.Run(Aten.Std, this, unbiased);
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(Dispatch.Run(Aten.StdDim, this, dimensions, unbiased, keepdim), type);
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            std(dimensions.ToArray(), unbiased, keepdim, type);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Typed(Dispatch.Run(Aten.StdDim, this, Arg.One(dim), unbiased, keepdim), type);

        public (Tensor std, Tensor mean) var_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            var (v, m) = Dispatch.Run2(Aten.VarMeanDim, this, dimensions, unbiased, keepdim);
            return (Typed(v, type), Typed(m, type));
        }

        public Tensor norm(float p = 2.0f) => Dispatch.Run(Aten.NormScalar, this, (double)p);
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => Dispatch.Run(Aten.NormDim, this, (double)p, Arg.One(dim), keepdim);

        public Tensor logsumexp(long dim, bool keepdim = false) => Dispatch.Run(Aten.Logsumexp, this, Arg.One(dim), keepdim);
        public Tensor cumsum(long dim, ScalarType? type = null) => Dispatch.Run(Aten.Cumsum, this, dim, type);

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Dispatch.Run2(Aten.Topk, this, k, dim, largest, sorted);
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Dispatch.Run2(Aten.Sort, this, stable, dim, descending);
        public Tensor argsort(long dim = -1, bool descending = false) => Dispatch.Run(Aten.Argsort, this, dim, descending);
        public (Tensor values, Tensor indices) kthvalue(long k, long? dim, bool keepdim = false) =>
            Dispatch.Run2(Aten.Kthvalue, this, k, dim ?? -1, keepdim);
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Dispatch.Run(Aten.Quantile, this, q, dim, keepdim);
        public Tensor bincount(Tensor? weights, long minlength = 0) => Dispatch.Run(Aten.Bincount, this, weights, minlength);

        /// <summary>The distinct elements, and where asked the place of each element among them and how often each occurs.</summary>
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null)
        {
            if (dim is not null) throw new NotSupportedException("unique along a dimension is not part of this library.");
            var (output, inverse, counts) = Dispatch.Run3(Aten.Unique, this, sorted, return_inverse, return_counts);
            if (!return_inverse) inverse.Dispose();
            if (!return_counts) counts.Dispose();
            return (output, return_inverse ? inverse : null, return_counts ? counts : null);
        }

        private static Tensor Typed(Tensor tensor, ScalarType? type) => type is { } wanted ? tensor.to_type(wanted, disposeAfter: true) : tensor;

        private static Tensor Into(Tensor result, Tensor? target)
        {
            if (target is null) return result;
            using (result) return target.copy_(result);
        }
    }

    public static Tensor sum(Tensor input, ScalarType? type = null) => input.sum(type);
    public static Tensor sum(Tensor input, ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => input.sum(dim, keepdim, type);
    public static Tensor sum(Tensor input, long dim, bool keepdim = false, ScalarType? type = null) => input.sum(dim, keepdim, type);
    public static Tensor mean(Tensor input) => input.mean();
    public static Tensor mean(Tensor input, long[] dimensions, bool keepdim = false, ScalarType? type = null) => input.mean(dimensions, keepdim, type);
    public static Tensor max(Tensor input) => input.max();
    public static Tensor max(Tensor input, Tensor other) => input.max(other);
    public static (Tensor values, Tensor indexes) max(Tensor input, long dim, bool keepdim = false) => input.max(dim, keepdim);
    public static Tensor min(Tensor input) => input.min();
    public static Tensor min(Tensor input, Tensor other) => input.min(other);
    public static (Tensor values, Tensor indexes) min(Tensor input, long dim, bool keepdim = false) => input.min(dim, keepdim);
    public static Tensor argmax(Tensor input) => input.argmax();
    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => input.argmax(dim, keepdim);
    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);
    public static Tensor cumsum(Tensor input, long dim, ScalarType? type = null) => input.cumsum(dim, type);
    public static (Tensor values, Tensor indices) topk(Tensor tensor, int k, int dim = -1, bool largest = true, bool sorted = true) =>
        tensor.topk(k, dim, largest, sorted);
    public static (Tensor values, Tensor indices) sort(Tensor input, long dim = -1, bool descending = false, bool stable = false) =>
        input.sort(dim, descending, stable);
    public static Tensor argsort(Tensor input, long dim = -1, bool descending = false) => input.argsort(dim, descending);
    public static Tensor bincount(Tensor input, Tensor? weights = null, long minlength = 0) => input.bincount(weights, minlength);
    public static Tensor std(Tensor input, bool unbiased = true) => input.std(unbiased);
    public static Tensor var(Tensor input, bool unbiased = true) => input.var(unbiased);
}
