package dev.millrace.shop;

import dev.millrace.settings.SettingsReader;

/**
 * The size and behaviour of the generated shop. {@code docs/generator.md} has the formulas.
 *
 * @param seed same seed, same events
 * @param users number of users
 * @param items number of items when the shop opens
 * @param visitsPerUserPerDay mean over the users
 * @param newItemsPerDay items added a day, as a share of the opening catalogue
 * @param burstsPerDay mean number of times a day that an item or a category becomes hot
 * @param tasteDays mean number of days until a user's favourite category changes
 * @param duplicateShare share of exposures and clicks that are sent twice
 * @param earlyShare share of clicks with a time before that of their exposure
 * @param lateShare share of clicks a day or more after their exposure
 */
public record ShopSettings(
        long seed,
        int users,
        int items,
        double visitsPerUserPerDay,
        double newItemsPerDay,
        double burstsPerDay,
        double tasteDays,
        double duplicateShare,
        double earlyShare,
        double lateShare) {

    public static ShopSettings read(SettingsReader reader) {
        return new ShopSettings(
                reader.longInteger("shop.seed", 1, 0, Long.MAX_VALUE, "same seed, same events"),
                reader.integer("shop.users", 2_000, 1, 1_000_000, "users of the generated shop"),
                reader.integer("shop.items", 1_000, 10, 1_000_000, "items in its catalogue when it opens"),
                reader.number("shop.visits-per-user-per-day", 3, 0.001, 1_000, "visits of a user a day, on average"),
                reader.number("shop.new-items-per-day", 0.02, 0, 1, "share of the opening catalogue added a day"),
                reader.number("shop.bursts-per-day", 4, 0, 1_000, "how often an item or a category becomes hot"),
                reader.number(
                        "shop.taste-days", 5, 0.01, 10_000, "days until a favourite category changes, on average"),
                reader.number("shop.duplicate-share", 0.003, 0, 1, "share of exposures and clicks sent twice"),
                reader.number("shop.early-share", 0.002, 0, 1, "share of clicks dated before their exposure"),
                reader.number("shop.late-share", 0.005, 0, 1, "share of clicks a day or more after their exposure"));
    }
}
