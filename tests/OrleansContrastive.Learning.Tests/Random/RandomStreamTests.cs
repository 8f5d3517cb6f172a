using OrleansContrastive.Learning.Random;

namespace OrleansContrastive.Learning.Tests.Random;

public sealed class RandomStreamTests
{
    // Known answers published with the generator (Random123, kat_vectors, philox4x32 10).
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void A_block_gives_the_published_words(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint e0, uint e1, uint e2, uint e3)
    {
        RandomStream.Rounds(k0 | ((ulong)k1 << 32), ref c0, ref c1, ref c2, ref c3);
        Assert.Equal([e0, e1, e2, e3], new[] { c0, c1, c2, c3 });
    }

    [Fact]
    public void Gaussians_have_mean_0_and_variance_1()
    {
        var stream = new RandomStream(1, RandomPurpose.WeightInitialisation, 0, 0);
        double sum = 0, squares = 0;
        const int Pairs = 100_000;
        for (var i = 0; i < Pairs; i++)
        {
            var (first, second) = stream.NextGaussians();
            sum += first + second;
            squares += first * first + second * second;
        }

        // Five standard errors of the mean and of the variance of 200,000 draws.
        Assert.InRange(sum / (2 * Pairs), -0.012, 0.012);
        Assert.InRange(squares / (2 * Pairs), 0.984, 1.016);
    }

    [Fact]
    public void A_permutation_holds_every_index_once_and_its_inverse_undoes_it()
    {
        var stream = new RandomStream(7, RandomPurpose.KeyPermutation, 3, 0);
        var order = Permutation.Draw(257, ref stream);
        var inverse = Permutation.Invert(order);

        Assert.Equal(Enumerable.Range(0, 257).Select(i => (long)i), order.Order());
        Assert.NotEqual(order.Order(), order);
        for (var i = 0; i < order.Length; i++) Assert.Equal(i, inverse[order[i]]);
    }

    [Fact]
    public void Streams_of_other_coordinates_differ()
    {
        var first = new RandomStream(1, RandomPurpose.KeyPermutation, 0, 0).NextUInt32();
        Assert.Equal(first, new RandomStream(1, RandomPurpose.KeyPermutation, 0, 0).NextUInt32());
        Assert.NotEqual(first, new RandomStream(2, RandomPurpose.KeyPermutation, 0, 0).NextUInt32());
        Assert.NotEqual(first, new RandomStream(1, RandomPurpose.WeightInitialisation, 0, 0).NextUInt32());
        Assert.NotEqual(first, new RandomStream(1, RandomPurpose.KeyPermutation, 1, 0).NextUInt32());
        Assert.NotEqual(first, new RandomStream(1, RandomPurpose.KeyPermutation, 0, 1).NextUInt32());
    }
}
