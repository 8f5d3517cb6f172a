namespace OrleansContrastive.Learning.Tests.Golden;

public sealed class GoldenFileTests
{
    private readonly GoldenFile _file = new("Golden/golden/pattern.golden");

    [Fact]
    public void The_pattern_is_the_same_number_for_number_in_Python()
    {
        Assert.Equal(Pattern.Double(15, 42), _file.Double("double"));
        Assert.Equal(Pattern.Single(7, 7), _file.Single("single"));
    }

    [Fact]
    public void Shapes_and_integers_come_back()
    {
        Assert.Equal([3, 5], _file.Shape("double"));
        Assert.Equal([1, -2, 3, 1L << 40], _file.Int64("integers"));
    }

    [Fact]
    public void A_wrong_name_or_type_says_what_is_there()
    {
        Assert.Contains("integers", Assert.Throws<KeyNotFoundException>(() => _file.Single("missing")).Message);
        Assert.Contains("F64", Assert.Throws<InvalidDataException>(() => _file.Single("double")).Message);
    }
}
