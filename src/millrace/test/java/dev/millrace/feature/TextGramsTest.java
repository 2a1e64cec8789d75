package dev.millrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextGramsTest {

    @Test
    void wordsAreLowerCasedLettersAndDigits() {
        assertThat(new TextGrams(1, 0, 0).keys(List.of("The Mill-Race, 1995!  ÉTÉ"), 50))
                .containsExactly("the", "mill", "race", "1995", "été");
    }

    @Test
    void runsOfWordsFollowTheWordsOfTheirText() {
        assertThat(new TextGrams(2, 0, 0).keys(List.of("a b c", "d"), 50))
                .containsExactly("a", "b", "c", "a b", "b c", "d");
    }

    @Test
    void runsOfCharactersHaveTheEndsOfTheirWordMarked() {
        assertThat(new TextGrams(0, 3, 0).keys(List.of("Mill x"), 50))
                .containsExactly("~<mi", "~mil", "~ill", "~ll>", "~<x>");
    }

    @Test
    void aCharacterBeyondTheBasicPlaneIsOne() {
        assertThat(new TextGrams(0, 3, 0).keys(List.of("𝒜𝒷"), 50)).containsExactly("~<𝒜𝒷", "~𝒜𝒷>");
    }

    @Test
    void onlyTheFirstOfTooManyCountAndRepeatsCountTwice() {
        assertThat(new TextGrams(1, 0, 0).keys(List.of("la la land"), 2)).containsExactly("la", "la");
    }

    @Test
    void bucketsAreThoseOfFnv1a() {
        // FNV-1a of 64 bits of "a" is af63dc4c8601ec8c by its authors' test vectors; its last 4 bits are 12
        assertThat(new TextGrams(1, 0, 16).keys(List.of("a"), 50)).containsExactly("#12");
    }

    @Test
    void nothingButMarksHasNoKeys() {
        assertThat(new TextGrams(2, 3, 0).keys(List.of("…!", ""), 50)).isEmpty();
    }
}
