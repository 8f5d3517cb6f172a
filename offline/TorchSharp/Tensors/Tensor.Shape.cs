using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op View = new("aten::view");
    public static readonly Op Reshape = new("aten::reshape");
    public static readonly Op Flatten = new("aten::flatten", "using_ints");
    public static readonly Op Permute = new("aten::permute");
    public static readonly Op Transpose = new("aten::transpose", "int");
    public static readonly Op T = new("aten::t");
    public static readonly Op Contiguous = new("aten::contiguous");
    public static readonly Op Squeeze = new("aten::squeeze");
    public static readonly Op SqueezeDim = new("aten::squeeze", "dim");
    public static readonly Op Unsqueeze = new("aten::unsqueeze");
    public static readonly Op Unsqueeze_ = new("aten::unsqueeze_");
    public static readonly Op Expand = new("aten::expand");
    public static readonly Op Repeat = new("aten::repeat");
    public static readonly Op RepeatInterleaveInt = new("aten::repeat_interleave", "self_int");
    public static readonly Op RepeatInterleave = new("aten::repeat_interleave", "self_Tensor");
    public static readonly Op Flip = new("aten::flip");
    public static readonly Op Roll = new("aten::roll");
    public static readonly Op AsStrided = new("aten::as_strided");
    public static readonly Op Clone = new("aten::clone");
    public static readonly Op Copy_ = new("aten::copy_");
    public static readonly Op Cat = new("aten::cat");
    public static readonly Op Stack = new("aten::stack");
    public static readonly Op Split = new("aten::split", "Tensor");
    public static readonly Op SplitSizes = new("aten::split_with_sizes");
    public static readonly Op Chunk = new("aten::chunk");
    public static readonly Op Unbind = new("aten::unbind", "int");
    public static readonly Op Tril = new("aten::tril");
    public static readonly Op Triu = new("aten::triu");
    public static readonly Op Diag = new("aten::diag");
    public static readonly Op Diagonal = new("aten::diagonal");
    public static readonly Op DiagEmbed = new("aten::diag_embed");
    public static readonly Op Unfold = new("aten::unfold");
    public static readonly Op Movedim = new("aten::movedim", "intlist");
    public static readonly Op Meshgrid = new("aten::meshgrid", "indexing");
}

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same memory under another shape; one size may be -1.</summary>
        public Tensor view(params long[] shape) => Dispatch.Run(Aten.View, this, shape);
        public Tensor view_as(Tensor other) => view(other.shape);
        public Tensor reshape(params long[] shape) => Dispatch.Run(Aten.Reshape, this, shape);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Dispatch.Run(Aten.Flatten, this, start_dim, end_dim);
        public Tensor ravel() => flatten();
        public Tensor unflatten(long dim, params long[] sizes)
        {
            var before = shape;
            var at = dim < 0 ? dim + before.Length : dim;
            return view([.. before.Take((int)at), .. sizes, .. before.Skip((int)at + 1)]);
        }

        public Tensor permute(params long[] permutation) => Dispatch.Run(Aten.Permute, this, permutation);
        public Tensor permute(IEnumerable<long> permutation) => permute(permutation.ToArray());
        public Tensor transpose(long dim0, long dim1) => Dispatch.Run(Aten.Transpose, this, dim0, dim1);
        public Tensor swapdims(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor swapaxes(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor t() => Dispatch.Run(Aten.T, this);
        public Tensor T => t();
        public Tensor mT => transpose(-2, -1);
        public Tensor movedim(long[] source, long[] destination) => Dispatch.Run(Aten.Movedim, this, source, destination);

        /// <summary>This tensor in row-major memory: another handle to it, or a copy.</summary>
        public Tensor contiguous() => Dispatch.Run(Aten.Contiguous, this);

        public Tensor squeeze(long? dim = null) =>
            dim is { } d ? Dispatch.Run(Aten.SqueezeDim, this, d) : Dispatch.Run(Aten.Squeeze, this);
        public Tensor unsqueeze(long dim) => Dispatch.Run(Aten.Unsqueeze, this, dim);
        public Tensor unsqueeze_(long dim) => Dispatch.RunInPlace(Aten.Unsqueeze_, this, dim);
        public Tensor expand(params long[] sizes) => Dispatch.Run(Aten.Expand, this, sizes);
        public Tensor expand(long[] sizes, bool isImplicit = false) => Dispatch.Run(Aten.Expand, this, sizes, isImplicit);
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => expand(sizes.ToArray(), isImplicit);
        public Tensor expand_as(Tensor other) => expand(other.shape);
        public Tensor broadcast_to(params long[] shape) => expand(shape, false);
        public Tensor repeat(params long[] sizes) => Dispatch.Run(Aten.Repeat, this, sizes);
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Dispatch.Run(Aten.RepeatInterleaveInt, this, repeats, dim, output_size);
        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Dispatch.Run(Aten.RepeatInterleave, this, repeats, dim, output_size);
        public Tensor flip(params long[] dims) => Dispatch.Run(Aten.Flip, this, dims);
        public Tensor fliplr() => flip(1);
        public Tensor flipud() => flip(0);
        public Tensor roll(long shifts, long? dims = null) =>
            Dispatch.Run(Aten.Roll, this, Arg.One(shifts), dims is { } d ? Arg.One(d) : Array.Empty<long>());
        public Tensor roll(long[] shifts, long[] dims) => Dispatch.Run(Aten.Roll, this, shifts, dims);
        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) =>
            Dispatch.Run(Aten.AsStrided, this, size, strides, storageOffset);
        public Tensor unfold(long dimension, long size, long step) => Dispatch.Run(Aten.Unfold, this, dimension, size, step);

        public Tensor clone() => Dispatch.Run(Aten.Clone, this);

        /// <summary>Writes the source's elements into this tensor, converting type and device.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Dispatch.RunInPlace(Aten.Copy_, this, source, nonBlocking);

        /// <summary>Pieces of the given size; the last may be smaller.</summary>
        public Tensor[] split(long size, int dim = 0) => Dispatch.RunList(Aten.Split, this, size, dim);
        public Tensor[] split(long[] sizes, long dim = 0) => Dispatch.RunList(Aten.SplitSizes, this, sizes, dim);
        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => split(sizes.ToArray(), dim);
        public Tensor[] split(params long[] sizes) => split(sizes, 0L);
        public Tensor[] chunk(long chunks, long dim = 0L) => Dispatch.RunList(Aten.Chunk, this, chunks, dim);
        public Tensor[] unbind(long dimension = 0L) => Dispatch.RunList(Aten.Unbind, this, dimension);

        public Tensor tril(long diagonal = 0) => Dispatch.Run(Aten.Tril, this, diagonal);
        public Tensor triu(long diagonal = 0) => Dispatch.Run(Aten.Triu, this, diagonal);
        public Tensor diag(long diagonal = 0) => Dispatch.Run(Aten.Diag, this, diagonal);
        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => Dispatch.Run(Aten.Diagonal, this, offset, dim1, dim2);
        public Tensor diag_embed(long offset = 0L, long dim1 = -2L, long dim2 = -1L) => Dispatch.Run(Aten.DiagEmbed, this, offset, dim1, dim2);
    }

    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Dispatch.Run(Aten.Cat, AsArray(tensors), dim);
    public static Tensor cat(Tensor[] tensors, long dim = 0) => Dispatch.Run(Aten.Cat, tensors, dim);
    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0) => Dispatch.Run(Aten.Cat, tensors.ToArray(), dim);
    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => cat(tensors, dim);
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Dispatch.Run(Aten.Stack, AsArray(tensors), dim);
    public static Tensor vstack(IList<Tensor> tensors) => cat(tensors);
    public static Tensor[] split(Tensor tensor, long[] split_size_or_sections, long dim = 0L) => tensor.split(split_size_or_sections, dim);
    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => input.chunk(chunks, dim);
    public static Tensor[] unbind(Tensor input, long dim = 0L) => input.unbind(dim);
    public static Tensor reshape(Tensor input, params long[] shape) => input.reshape(shape);
    public static Tensor flatten(Tensor input, long start_dim = 0, long end_dim = -1) => input.flatten(start_dim, end_dim);
    public static Tensor permute(Tensor input, params long[] permutation) => input.permute(permutation);
    public static Tensor transpose(Tensor input, long dim0, long dim1) => input.transpose(dim0, dim1);
    public static Tensor t(Tensor input) => input.t();
    public static Tensor unsqueeze(Tensor input, long dim) => input.unsqueeze(dim);
    public static Tensor squeeze(Tensor input, long? dim = null) => input.squeeze(dim);
    public static Tensor flip(Tensor input, params long[] dims) => input.flip(dims);
    public static Tensor clone(Tensor input) => input.clone();
    public static Tensor diag(Tensor input, long diagonal = 0) => input.diag(diagonal);
    public static Tensor tril(Tensor input, long diagonal = 0) => input.tril(diagonal);
    public static Tensor triu(Tensor input, long diagonal = 0L) => input.triu(diagonal);
    public static Tensor repeat_interleave(Tensor input, long repeats, long? dim = null, long? output_size = null) =>
        input.repeat_interleave(repeats, dim, output_size);
    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") => Dispatch.RunList(Aten.Meshgrid, AsArray(tensors), indexing);

    private static Tensor[] AsArray(IEnumerable<Tensor> tensors) => tensors as Tensor[] ?? tensors.ToArray();
}
