namespace OrleansContrastive.Cli.Pictures;

/// <summary>
/// Letters as strokes on a small grid, for pictures without a font: capitals are 7 units high, small letters 5, and tails reach 2 below.
/// </summary>
internal static class Glyphs
{
    /// <summary>Height of a capital in units.</summary>
    public const int CapHeight = 7;

    private const int Baseline = 2;
    private const double Spacing = 1.8;

    // A stroke is a row of points, each a digit for x and one for y (2 = the baseline); strokes are parted by a bar.
    private static readonly Dictionary<char, string> Strokes = new()
    {
        [' '] = "", ['0'] = "123243483919080312", ['1'] = "0729221232", ['2'] = "07081939484603020242", ['3'] = "081939484736162636454332120304",
        ['4'] = "3239044444", ['5'] = "490906364543321203", ['6'] = "391908031232434536150604", ['7'] = "09491222", ['8'] = "160708193948473616050312324345361605", ['9'] = "123243483919080615354546",
        ['A'] = "022942|1434", ['B'] = "0209394847360606|3645433202", ['C'] = "4839190803123243", ['D'] = "0209294744422202", ['E'] = "42020949|0636", ['F'] = "020949|0636",
        ['G'] = "48391908031232434626", ['H'] = "0209|4249|0646", ['I'] = "0209", ['J'] = "3933221203", ['K'] = "0209|4905|1642", ['L'] = "090242",
        ['M'] = "0209254942", ['N'] = "02094249", ['O'] = "123243483919080312", ['P'] = "02093948463505", ['Q'] = "123243483919080312|2441", ['R'] = "02093948463505|2542",
        ['S'] = "483919080716364543321203", ['T'] = "0949|2922", ['U'] = "090312324349", ['V'] = "092249", ['W'] = "0912263249", ['X'] = "0249|0942",
        ['Y'] = "092649|2622", ['Z'] = "09490242",
        ['a'] = "0717273632|35150403122233", ['b'] = "0902|0617273633221203", ['c'] = "3627170603122233", ['d'] = "3932|3627170603122233", ['e'] = "05353627170603123233",
        ['f'] = "291812|0727", ['g'] = "3731201001|3627170603122233", ['h'] = "0902|0617273632", ['i'] = "0207|0909", ['j'] = "171100|1919", ['k'] = "0902|3704|1532",
        ['l'] = "0902", ['m'] = "0207|06172622|26374642", ['n'] = "0207|0617273632", ['o'] = "122233362717060312", ['p'] = "0007|0617273633221203",
        ['q'] = "3037|3627170603122233", ['r'] = "0207|061727", ['s'] = "36271706152433221203", ['t'] = "191322|0727", ['u'] = "0703122233|3732",
        ['v'] = "072247", ['w'] = "0712263247", ['x'] = "0237|0732", ['y'] = "0722|4710", ['z'] = "07370232",
        ['.'] = "0202", [','] = "1201", [':'] = "0303|0606", [';'] = "0303|0606", ['-'] = "0535", ['–'] = "0545", ['+'] = "0545|2327", ['='] = "0434|0636", ['/'] = "0139",
        ['%'] = "0249|0809191808|3233434232", ['('] = "19080312", [')'] = "09181302", ['<'] = "370533", ['>'] = "073503", ['_'] = "0141", ['\''] = "0908", ['±'] = "0646|2428|0242", ['×'] = "0336|0633",
        ['#'] = "1219|3239|0444|0747", ['*'] = "1418|0517|0715", ['?'] = "0708193948472625|2222", ['!'] = "0904|0202", ['²'] = "090938",
    };

    private const string Unknown = "0209494202";

    /// <summary>The strokes of a text in units, from (0, 0) at the left end of the baseline, y upward.</summary>
    public static IEnumerable<(double X, double Y)[]> Of(string text)
    {
        var x = 0.0;
        foreach (var letter in text)
        {
            foreach (var stroke in (Strokes.GetValueOrDefault(letter) ?? Unknown).Split('|', StringSplitOptions.RemoveEmptyEntries))
            {
                var left = x;
                yield return [.. stroke.Chunk(2).Select(point => (left + point[0] - '0', (double)(point[1] - '0' - Baseline)))];
            }

            x += Advance(letter);
        }
    }

    /// <summary>The width of a text in units.</summary>
    public static double Width(string text) => text.Length == 0 ? 0 : text.Sum(Advance) - Spacing;

    private static double Advance(char letter)
    {
        var strokes = Strokes.GetValueOrDefault(letter) ?? Unknown;
        // Every second digit of a stroke is an x.
        var widest = strokes.Split('|').SelectMany(stroke => stroke.Where((_, at) => at % 2 == 0)).Select(digit => digit - '0').DefaultIfEmpty(2).Max();
        return widest + Spacing;
    }
}
