package dev.culvert.conf;

import java.util.Locale;

/// How far a word is from one that was probably meant.
public final class NearMiss {
    private static final int LENGTH_MAX = 64;

    private NearMiss() {}

    /// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment), case ignored;
    /// `Integer.MAX_VALUE` for words that are too long to be compared.
    public static int distance(String word, String other) {
        if (word.length() > LENGTH_MAX || other.length() > LENGTH_MAX) {
            return Integer.MAX_VALUE;
        }
        String a = word.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                int least = Math.min(replaced, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                cost[i][j] = swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
            }
        }
        return cost[a.length()][b.length()];
    }
}
