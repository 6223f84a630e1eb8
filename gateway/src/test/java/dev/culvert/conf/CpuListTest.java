package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CpuListTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0             | 0
            3,1,2         | 3 1 2
            0-3           | 0 1 2 3
            8-8           | 8
            0-3,8,10-14:2 | 0 1 2 3 8 10 12 14
            0-5:3         | 0 3
            1 , 0         | 1 0
            8191          | 8191
            """)
    void readsWhatTasksetReads(String text, String cpus) {
        List<Integer> expected =
                Arrays.stream(cpus.split(" ", -1)).map(Integer::valueOf).toList();
        assertThat(CpuList.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ",", "1,", "-1", "1-", "3-1", "0-3:0", "0-3:", "x", "0x1", "8192", "99999", "1-2-3", "1:2"})
    void refusesWhatIsNoList(String text) {
        assertThatThrownBy(() -> CpuList.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "cpus takes numbers and ranges of CPUs as taskset(1) does, 0-3,8 for instance, not " + text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,1", "0-3,2"})
    void refusesACpuForTwoLanes(String text) {
        assertThatThrownBy(() -> CpuList.parse(text)).hasMessageContaining("each once");
    }
}
