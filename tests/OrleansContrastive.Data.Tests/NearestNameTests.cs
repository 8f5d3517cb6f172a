namespace OrleansContrastive.Data.Tests;

public sealed class NearestNameTests
{
    private static readonly string[] Known = ["cifar10", "fashion-mnist", "mnist"];

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("Flaw", "lawn", 2)]
    [InlineData("abc", "", 3)]
    [InlineData("same", "SAME", 0)]
    public void The_distance_counts_edits(string a, string b, int distance)
    {
        Assert.Equal(distance, NearestName.Distance(a, b));
        Assert.Equal(distance, NearestName.Distance(b, a));
    }

    [Theory]
    [InlineData("fashionmnist", "fashion-mnist")]
    [InlineData("CIFAR-10", "cifar10")]
    [InlineData("mnsit", "mnist")]
    [InlineData("imagenet", null)]
    public void Only_a_near_name_is_proposed(string name, string? nearest) =>
        Assert.Equal(nearest, NearestName.Find(name, Known));

    [Fact]
    public void The_sentence_names_the_kind_the_guess_and_the_known()
    {
        Assert.Equal(
            "Unknown data set \"cifar\"; did you mean \"cifar10\"? Known: cifar10, fashion-mnist, mnist.",
            NearestName.Explain("data set", "cifar", Known));
        Assert.Equal(
            "Unknown data set \"imagenet\". Known: cifar10, fashion-mnist, mnist.",
            NearestName.Explain("data set", "imagenet", Known));
    }
}
