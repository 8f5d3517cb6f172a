using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Augmentation;

/// <summary>One view that torchvision rendered: <c>golden/make_golden.py</c>.</summary>
internal sealed class GoldenView
{
    /// <summary>The image.</summary>
    public required PixelBuffer Image { get; init; }

    /// <summary>What the recipe needs to know: size, kernel, threshold, normalization.</summary>
    public required AugmentationRecipe Recipe { get; init; }

    /// <summary>The parameters; null for a plain view.</summary>
    public required ViewParameters? Parameters { get; init; }

    /// <summary><c>[C, H, W]</c></summary>
    public required float[] Expected { get; init; }

    /// <summary>Renders the same view here.</summary>
    public byte[] Render(ViewLayout layout = ViewLayout.Nchw, ViewPrecision precision = ViewPrecision.Float32)
    {
        var augmenter = new ViewAugmenter(Recipe, Image.Channels, layout, precision);
        var view = new byte[augmenter.BytesPerView];
        if (Parameters is { } parameters)
            augmenter.Apply(Image, parameters, view);
        else
            augmenter.Plain(Image, view);
        return view;
    }
}

/// <summary>The golden files of this folder.</summary>
internal static class GoldenViews
{
    private static readonly JsonDocument Cases = JsonDocument.Parse(File.ReadAllBytes(PathOf("cases.json")));

    /// <summary>The cases' names.</summary>
    public static TheoryData<string> Names { get; } =
        new(Cases.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!));

    /// <summary>The path of a golden file.</summary>
    public static string PathOf(string file, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "golden", file);

    /// <summary>Loads one case.</summary>
    public static GoldenView Load(string name)
    {
        var found = Cases.RootElement.GetProperty("cases").EnumerateArray()
            .Single(c => c.GetProperty("name").GetString() == name);
        var image = LoadImage(found.GetProperty("image").GetInt32());
        var recipe = Recipe(found, image.Channels);
        var views = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(PathOf("views.bin")));
        var length = image.Channels * recipe.Size * recipe.Size;
        return new GoldenView
        {
            Image = image,
            Recipe = recipe,
            Parameters = found.TryGetProperty("crop", out _) ? Parameters(found, image) : null,
            Expected = views.Slice(found.GetProperty("first").GetInt32(), length).ToArray(),
        };
    }

    private static PixelBuffer LoadImage(int wanted)
    {
        var pixels = File.ReadAllBytes(PathOf("images.bin"));
        var first = 0;
        foreach (var shape in Cases.RootElement.GetProperty("images").EnumerateArray())
        {
            var image = new PixelBuffer();
            image.Resize(shape[0].GetInt32(), shape[1].GetInt32(), shape[2].GetInt32());
            if (wanted-- == 0)
            {
                pixels.AsSpan(first, image.Pixels.Length).CopyTo(image.Pixels);
                return image;
            }

            first += image.Pixels.Length;
        }

        throw new InvalidDataException("cases.json names an image that it does not have.");
    }

    private static AugmentationRecipe Recipe(JsonElement found, int channels)
    {
        var recipe = new AugmentationRecipe
        {
            Size = found.GetProperty("size").GetInt32(),
            GrayscaleFirst = Text(found, "gray") == "first",
            BlurKernel = (int)Number(found, "kernel", 0),
            SolarizeThreshold = Number(found, "solarize", 0.5),
            PlainShorterSide = (int)Number(found, "plain", 0),
        };
        if (!found.TryGetProperty("normalize", out _)) return recipe;
        return channels == 3
            ? recipe with { Mean = [0.485f, 0.456f, 0.406f], Std = [0.229f, 0.224f, 0.225f] }
            : recipe with { Mean = [0.2860f], Std = [0.3530f] };
    }

    private static ViewParameters Parameters(JsonElement found, PixelBuffer image)
    {
        var crop = found.GetProperty("crop");
        var jitter = found.TryGetProperty("jitter", out var given) ? given : default;
        float Factor(string name, double neutral) =>
            jitter.ValueKind == JsonValueKind.Object ? (float)Number(jitter, name, neutral) : (float)neutral;
        return ViewParameters.Whole(image.Width, image.Height) with
        {
            CropX = crop[0].GetInt32(),
            CropY = crop[1].GetInt32(),
            CropWidth = crop[2].GetInt32(),
            CropHeight = crop[3].GetInt32(),
            Flip = found.TryGetProperty("flip", out var flip) && flip.GetBoolean(),
            Order = found.TryGetProperty("order", out var order) ? Order(order) : JitterOrder.Usual,
            Brightness = Factor("Brightness", 1),
            Contrast = Factor("Contrast", 1),
            Saturation = Factor("Saturation", 1),
            Hue = Factor("Hue", 0),
            Grayscale = Text(found, "gray").Length > 0,
            BlurSigma = (float)Number(found, "sigma", 0),
            Solarize = found.TryGetProperty("solarize", out _),
        };
    }

    private static JitterOrder Order(JsonElement order)
    {
        JitterOperation At(int place) => Enum.Parse<JitterOperation>(order[place].GetString()!);
        return new JitterOrder(At(0), At(1), At(2), At(3));
    }

    private static double Number(JsonElement element, string name, double otherwise) =>
        element.TryGetProperty(name, out var number) ? number.GetDouble() : otherwise;

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var text) ? text.GetString()! : "";
}
