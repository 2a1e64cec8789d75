package dev.millrace.index;

/**
 * What an item's score is the sum of, up to rounding.
 *
 * @param cosine inner product with the query
 * @param popularity what recent popularity adds
 * @param age what the item's age adds
 * @param neighbours what is added because the item is near to the user's latest clicks, or one of them
 * @param boost what the question adds to the item's values
 */
public record ScoreParts(float cosine, float popularity, float age, float neighbours, float boost) {}
