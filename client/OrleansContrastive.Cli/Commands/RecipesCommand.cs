using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansContrastive.Cli.Recipes;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive recipes</c>: the presets, what can be said in one, and a recipe written out.</summary>
internal static class RecipesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "The presets by name, and where their constants come from.");
        list.SetAction(_ => List());
        var keys = new Command("keys", "Every key that a preset and --set may name, with its default.");
        keys.SetAction(_ => Keys());
        var show = new Command("show", "The recipe that the options make, written out as a preset of your own: save it, change it, and give the file to --preset.");
        var recipe = RecipeOptions.AddTo(show);
        show.SetAction(parsed => Show(recipe.Read(parsed)));
        return new Command("recipes", "What a run is told to do: presets, and the keys in them.") { list, keys, show };
    }

    private static int List()
    {
        foreach (var name in PresetFolder.Names)
            Console.WriteLine($"  {name,-30} {PresetFolder.Read(name)["$about"]}");
        return ExitCodes.Done;
    }

    private static int Keys()
    {
        foreach (var key in RecipeKey.All)
            Console.WriteLine($"  {key.Name,-23}  {Text(key.Default),20}  {key.About}");
        Console.WriteLine("A method has defaults of its own for some of them ('recipes show --method NAME'), and further options ('contrastive methods').");
        return ExitCodes.Done;
    }

    private static int Show(TrainingRecipe recipe)
    {
        Console.WriteLine(RecipeReader.Write(recipe));
        return ExitCodes.Done;
    }

    // As --set takes it.
    private static string Text(JsonNode? value) => value switch
    {
        null => "-",
        JsonArray { Count: 0 } => "-",
        JsonArray array => string.Join(',', array.Select(Text)),
        _ => value.ToString(),
    };
}
