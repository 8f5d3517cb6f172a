using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Tests.Sampling;

public sealed class Philox4x32Tests
{
    // The known answers that Random123 publishes for philox4x32 with 10 rounds.
    public static TheoryData<uint[], uint[], uint[]> KnownAnswers => new()
    {
        { [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
        {
            [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff],
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
        },
        {
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Block_gives_the_published_answers(uint[] counter, uint[] key, uint[] expected)
    {
        var found = new uint[4];
        Philox4x32.Block(key[0] | ((ulong)key[1] << 32), counter[0], counter[1], counter[2], counter[3], found);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Block_refuses_a_short_destination()
    {
        var error = Assert.Throws<ArgumentException>(() => Philox4x32.Block(1, 0, 0, 0, 0, new uint[3]));
        Assert.Contains("found 3", error.Message);
    }
}
