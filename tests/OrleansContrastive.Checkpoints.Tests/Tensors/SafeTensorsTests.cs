using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Checkpoints.Tensors;

namespace OrleansContrastive.Checkpoints.Tests.Tensors;

public sealed class SafeTensorsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void What_is_written_is_read_back_whole_and_aligned()
    {
        Prop.ForAll(AnyTensors(), tensors =>
        {
            var file = Written(tensors, new Dictionary<string, string> { ["step"] = "7", ["ü"] = "\"" });
            foreach (var read in new[] { SafeTensors.Read(file, "file"), ReadStream(file) })
            {
                Assert.Equal("7", read.Metadata["step"]);
                Assert.Equal("\"", read.Metadata["ü"]);
                Assert.Equal(tensors.Length, read.Tensors.Count);
                foreach (var tensor in tensors)
                {
                    var found = read[tensor.Name];
                    Assert.Equal(tensor.Type, found.Type);
                    Assert.Equal(tensor.Shape, found.Shape);
                    Assert.Equal(tensor.Data.ToArray(), found.Data.ToArray());
                }
            }

            // Data starts at a multiple of 8 and larger elements come first.
            Assert.Equal(0, (sizeof(long) + BinaryPrimitives.ReadInt64LittleEndian(file)) % 8);
            Assert.Equal(file, Written([.. tensors.Reverse()], new Dictionary<string, string> { ["ü"] = "\"", ["step"] = "7" }));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_by_name()
    {
        var file = Written([Tensor("a", TensorType.Float32, [2, 2]), Tensor("b", TensorType.UInt8, [3])]);
        for (var length = 0; length < file.Length; length++)
        {
            var cut = file[..length];
            var fault = Assert.Throws<SafeTensorsException>(() => SafeTensors.Read(cut, "cut.safetensors"));
            Assert.Equal(SafeTensorsFault.Truncated, fault.Fault);
            Assert.Contains("cut.safetensors", fault.Message, StringComparison.Ordinal);
            Assert.Equal(SafeTensorsFault.Truncated, Assert.Throws<SafeTensorsException>(() => ReadStream(cut)).Fault);
        }
    }

    [Fact]
    public void Any_changed_byte_of_the_header_gives_the_same_content_shape_or_a_named_error()
    {
        var file = Written([Tensor("a", TensorType.Float32, [2, 2]), Tensor("b", TensorType.BFloat16, [4])]);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var refused = 0;
        Prop.ForAll(Gen.Choose(0, 7 + header).Zip(Gen.Choose(0, 255)).ToArbitrary(), change =>
        {
            var broken = file.ToArray();
            broken[change.Item1] = (byte)change.Item2;
            try
            {
                var read = SafeTensors.Read(broken, "file");
                Assert.Equal(file.Length - 8 - header, read.Tensors.Sum(tensor => tensor.Data.Length));
            }
            catch (SafeTensorsException)
            {
                refused++;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
        Assert.InRange(refused, 2500, 5000);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.Overlap)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, SafeTensorsFault.Overlap)]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}""", 5, SafeTensorsFault.Unaligned)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, SafeTensorsFault.Hole)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, SafeTensorsFault.Hole)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, SafeTensorsFault.Truncated)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.Size)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, SafeTensorsFault.Size)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, SafeTensorsFault.Size)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.Shape)]
    [InlineData("""{"a":{"dtype":"F64","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.Shape)]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 4, SafeTensorsFault.Truncated)]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.UnknownType)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.DuplicateName)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"a":[]}""", 0, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""{} {}""", 0, SafeTensorsFault.HeaderSyntax)]
    [InlineData("""[]""", 0, SafeTensorsFault.HeaderSyntax)]
    [InlineData(""" """, 0, SafeTensorsFault.HeaderSyntax)]
    public void A_header_that_lies_is_refused_by_its_fault(string header, int dataLength, SafeTensorsFault expected)
    {
        var file = Raw(header, dataLength);
        Assert.Equal(expected, Assert.Throws<SafeTensorsException>(() => SafeTensors.Read(file, "file")).Fault);
        // What a stream reads tensor by tensor may come to light as another fault, but never as none.
        Assert.Throws<SafeTensorsException>(() => ReadStream(file));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    public void A_header_length_above_the_cap_is_refused_before_it_is_read(ulong length)
    {
        var file = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Assert.Equal(SafeTensorsFault.HeaderLength, Assert.Throws<SafeTensorsException>(() => SafeTensors.Read(file, "file")).Fault);
        Assert.Equal(SafeTensorsFault.HeaderLength, Assert.Throws<SafeTensorsException>(() => ReadStream(file)).Fault);
    }

    [Fact]
    public void A_header_written_by_hand_is_read()
    {
        var file = Raw("""{"w":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}   """, 4);

        var read = SafeTensors.Read(file, "file");

        Assert.Equal([2L, 1L], read["w"].Shape);
        Assert.Equal(new byte[] { 1, 2, 3, 4 }, read["w"].Data.ToArray());
        Assert.Equal(0, read["e"].Data.Length);
        Assert.Contains("'x'", Assert.Throws<CheckpointException>(() => read["x"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_is_not_written()
    {
        var tensor = Tensor("a", TensorType.Float32, [2]);
        async Task<string> Refused(params NamedTensor[] tensors) =>
            (await Assert.ThrowsAsync<ArgumentException>(() => SafeTensors.WriteAsync(Stream.Null, tensors, null, Token))).Message;

        Assert.Contains("needs 12 bytes, found 8", await Refused(tensor with { Shape = [3] }), StringComparison.Ordinal);
        Assert.Contains("negative", await Refused(tensor with { Shape = [-2, -1] }), StringComparison.Ordinal);
        Assert.Contains("'a' is given twice", await Refused(tensor, tensor), StringComparison.Ordinal);
        Assert.Contains("__metadata__", await Refused(tensor with { Name = "__metadata__" }), StringComparison.Ordinal);
    }

    internal static NamedTensor Tensor(string name, TensorType type, long[] shape)
    {
        var data = new byte[NamedTensor.ByteCount(shape, type)];
        new System.Random(name.Length + data.Length).NextBytes(data);
        return new NamedTensor(name, type, shape, data);
    }

    private static byte[] Written(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var stream = new MemoryStream();
        SafeTensors.WriteAsync(stream, tensors, metadata, Token).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static SafeTensorsContent ReadStream(byte[] file) =>
        SafeTensors.ReadAsync(new MemoryStream(file), "file", Token).GetAwaiter().GetResult();

    private static byte[] Raw(string header, int dataLength)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[sizeof(long) + text.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, sizeof(long));
        for (var i = 0; i < dataLength; i++) file[sizeof(long) + text.Length + i] = (byte)(i + 1);
        return file;
    }

    private static Arbitrary<NamedTensor[]> AnyTensors()
    {
        var shapes = Gen.Choose(0, 5).Select(size => (long)size).ListOf().Resize(4).Select(sizes => sizes.ToArray());
        var names = ArbMap.Default.GeneratorFor<NonEmptyString>().Select(name => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name.Get)));
        var tensors = from name in names
                      from type in Gen.Elements(Enum.GetValues<TensorType>())
                      from shape in shapes
                      select Tensor(name, type, shape);
        return tensors.ListOf().Select(list => list.DistinctBy(tensor => tensor.Name).ToArray()).ToArbitrary();
    }
}
