using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Select = new("aten::select", "int");
    public static readonly Op Slice = new("aten::slice", "Tensor");
    public static readonly Op Index = new("aten::index", "Tensor");
    public static readonly Op IndexPut_ = new("aten::index_put_");
    public static readonly Op IndexSelect = new("aten::index_select");
    public static readonly Op IndexCopy_ = new("aten::index_copy_");
    public static readonly Op IndexAdd = new("aten::index_add");
    public static readonly Op IndexAdd_ = new("aten::index_add_");
    public static readonly Op IndexFill_ = new("aten::index_fill_", "int_Scalar");
    public static readonly Op Gather = new("aten::gather");
    public static readonly Op Scatter = new("aten::scatter", "src");
    public static readonly Op Scatter_ = new("aten::scatter_", "src");
    public static readonly Op ScatterAdd = new("aten::scatter_add");
    public static readonly Op ScatterAdd_ = new("aten::scatter_add_");
    public static readonly Op Narrow = new("aten::narrow");
    public static readonly Op Nonzero = new("aten::nonzero");
    public static readonly Op Take = new("aten::take");
    public static readonly Op TakeAlongDim = new("aten::take_along_dim");
}

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params long[] indices]
        {
            get => index(Array.ConvertAll(indices, static i => TensorIndex.Single(i)));
            set => index_put_(value, Array.ConvertAll(indices, static i => TensorIndex.Single(i)));
        }

        public Tensor this[long i1]
        {
            get => select(0, i1);
            set
            {
                using var place = select(0, i1);
                place.copy_(value);
            }
        }

        public Tensor this[long i1, long i2]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2));
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, tensors) = Slices(indices);
            if (tensors is null) return view;
            using (view) return Dispatch.Run(Aten.Index, view, tensors);
        }

        public Tensor index(params Tensor[] indices) => Dispatch.Run(Aten.Index, this, indices);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, tensors) = Slices(indices);
            using (view)
            {
                if (tensors is not null) Dispatch.RunInPlace(Aten.IndexPut_, view, tensors, value, accumulate);
                else if (accumulate) view.add_(value);
                else view.copy_(value);
            }

            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => Dispatch.RunInPlace(Aten.IndexPut_, this, indices, value);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) =>
            Dispatch.RunInPlace(Aten.IndexPut_, this, indices, value, accumulate);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var filled = torch.full([], value, dtype, device);
            return index_put_(filled, indices);
        }

        /// <summary>The slices at the given places of a dimension, copied.</summary>
        public Tensor index_select(long dim, Tensor index) => Dispatch.Run(Aten.IndexSelect, this, dim, index);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Dispatch.RunInPlace(Aten.IndexCopy_, this, dim, index, source);
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Dispatch.Run(Aten.IndexAdd, this, dim, index, source, alpha);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Dispatch.RunInPlace(Aten.IndexAdd_, this, dim, index, source, alpha);
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => Dispatch.RunInPlace(Aten.IndexFill_, this, dim, index, value);
        public Tensor gather(long dim, Tensor index) => Dispatch.Run(Aten.Gather, this, dim, index);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Dispatch.Run(Aten.Scatter, this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Dispatch.RunInPlace(Aten.Scatter_, this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Dispatch.Run(Aten.ScatterAdd, this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Dispatch.RunInPlace(Aten.ScatterAdd_, this, dim, index, src);
        public Tensor select(long dim, long index) => Dispatch.Run(Aten.Select, this, dim, index);
        public Tensor slice(long dim, long start, long finish, long step) => Dispatch.Run(Aten.Slice, this, dim, start, finish, step);
        public Tensor narrow(long dim, long start, long length) => Dispatch.Run(Aten.Narrow, this, dim, start, length);
        public Tensor nonzero() => Dispatch.Run(Aten.Nonzero, this);
        public Tensor take(Tensor index) => Dispatch.Run(Aten.Take, this, index);
        public Tensor take_along_dim(Tensor indices, long dim) => Dispatch.Run(Aten.TakeAlongDim, this, indices, dim);

        /// <summary>A new handle with all places and slices applied, and the index tensors that remain, one per dimension.</summary>
        private (Tensor View, Tensor?[]? Tensors) Slices(TensorIndex[] indices)
        {
            var view = alias();
            Tensor?[]? tensors = null;
            try
            {
                long dim = 0;
                var taken = indices.Count(static i => i.kind is TensorIndex.Kind.Single or TensorIndex.Kind.Slice)
                    + indices.Sum(static i => i.kind != TensorIndex.Kind.Tensor ? 0 : i.tensor!.dtype == ScalarType.Bool ? i.tensor.dim() : 1);
                foreach (var index in indices)
                {
                    switch (index.kind)
                    {
                        case TensorIndex.Kind.Single:
                            view = Next(view, view.select(dim, index.start!.Value));
                            break;
                        case TensorIndex.Kind.Slice:
                            if (index.start is not null || index.stop is not null || index.step is not null)
                            {
                                view = Next(view, Dispatch.Run(Aten.Slice, view, dim, index.start, index.stop, index.step ?? 1));
                            }

                            dim++;
                            break;
                        case TensorIndex.Kind.Ellipsis:
                            dim += Math.Max(0, Dimensions - taken);
                            break;
                        case TensorIndex.Kind.None:
                            view = Next(view, view.unsqueeze(dim++));
                            break;
                        case TensorIndex.Kind.Bool:
                            view = Next(view, view.unsqueeze(dim));
                            tensors = Put(tensors, dim, torch.tensor(index.start == 1));
                            dim++;
                            break;
                        default:
                            tensors = Put(tensors, dim, index.tensor!);
                            dim += index.tensor!.dtype == ScalarType.Bool ? index.tensor.dim() : 1;
                            break;
                    }
                }

                // A mask covers several dimensions with one entry of the list.
                return (view, tensors is null ? null : Compact(tensors));
            }
            catch
            {
                view.Dispose();
                throw;
            }
        }

        private static Tensor Next(Tensor before, Tensor after)
        {
            before.Dispose();
            return after;
        }

        private static Tensor?[] Put(Tensor?[]? tensors, long dim, Tensor tensor)
        {
            var list = tensors ?? [];
            if (list.Length <= dim) Array.Resize(ref list, (int)dim + 1);
            list[dim] = tensor;
            return list;
        }

        private static Tensor?[] Compact(Tensor?[] tensors)
        {
            var list = new List<Tensor?>();
            for (var d = 0; d < tensors.Length; d++)
            {
                list.Add(tensors[d]);
                if (tensors[d] is { dtype: ScalarType.Bool } mask) d += (int)Math.Max(1, mask.dim()) - 1;
            }

            return [.. list];
        }
    }

    public static Tensor index_select(Tensor input, long dim, Tensor index) => input.index_select(dim, index);
    public static Tensor gather(Tensor input, long dim, Tensor index) => input.gather(dim, index);
    public static Tensor scatter(Tensor input, long dim, Tensor index, Tensor src) => input.scatter(dim, index, src);
    public static Tensor narrow(Tensor input, long dim, long start, long length) => input.narrow(dim, start, length);
    public static Tensor select(Tensor input, long dim, long index) => input.select(dim, index);
    public static Tensor nonzero(Tensor input) => input.nonzero();
}
