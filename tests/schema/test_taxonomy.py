from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import SettingsError
from etl.schema import contract, resources, row, taxonomy
from etl.schema.resolver import Resolution, make_resolver

SLUGS = [
    "aihub-aspect",
    "aihub-dialogue",
    "aihub-empathy",
    "aihub-free-talk",
    "aihub-multimodal",
    "aihub-speech",
    "beep",
    "chatbot",
    "finance",
    "k-mhas",
    "kemdy",
    "keti-dialogue",
    "keti-single",
    "kote",
    "naver-shopping",
    "nikl-emotion",
    "nsmc",
    "steam",
    "unsmile",
    "wellness",
]
NAMES = ["dialogue6", "hate", "ko7", "kote44", "native11", "polarity3"]
MAJORS = {"1": "분노", "2": "슬픔", "3": "불안", "4": "상처", "5": "당황", "6": "기쁨"}
SPEECH_VOTES = st.lists(
    st.sampled_from(["Angry", "Sadness", "Happiness", "Fear", "Disgust", "Surprise", "Neutral", "sad"]),
    min_size=1,
    max_size=5,
)


shipped = cache(taxonomy.load)


def resolve(name: str, slug: str, raw: str | None) -> Resolution:
    return make_resolver(shipped(name), slug)(raw)


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_taxonomies_and_the_label_tables_are_shipped() -> None:
    assert taxonomy.shipped() == NAMES
    assert taxonomy.corpora() == SLUGS


def test_every_corpus_has_a_label_table_and_a_contract_of_its_name() -> None:
    assert contract.slugs() == sorted([*SLUGS, taxonomy.TABLE])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("slug", SLUGS)
def test_every_label_is_mapped_to_a_target_or_by_name_to_nothing(name: str, slug: str) -> None:
    chosen = shipped(name)
    assert list(chosen.maps[slug]) == list(taxonomy.label_table(slug).codes)
    assert {to for to in chosen.maps[slug].values() if to} <= set(chosen.targets)


@pytest.mark.parametrize("name", NAMES)
def test_every_label_that_is_mapped_to_nothing_says_why(name: str) -> None:
    chosen = taxonomy.load(name)
    silent = [
        (slug, code)
        for slug, codes in chosen.maps.items()
        for code, to in codes.items()
        if to is None and not chosen.reasons[slug][code]
    ]
    assert silent == []


def test_ko7_gives_a_reason_for_each_of_the_60_fine_codes_and_the_44_of_kote() -> None:
    reasons = taxonomy.load("ko7").reasons
    assert [code for code, why in reasons["aihub-dialogue"].items() if not why] == []
    assert [code for code, why in reasons["kote"].items() if not why] == []


def test_label_tables_hold_as_many_codes_as_the_corpora_have() -> None:
    counts = {slug: len(taxonomy.label_table(slug).codes) for slug in SLUGS}
    assert counts == {
        "aihub-aspect": 3,
        "aihub-dialogue": 60,
        "aihub-empathy": 6,
        "aihub-free-talk": 7,
        "aihub-multimodal": 8,
        "aihub-speech": 7,
        "beep": 3,
        "chatbot": 3,
        "finance": 3,
        "k-mhas": 9,
        "kemdy": 7,
        "keti-dialogue": 7,
        "keti-single": 7,
        "kote": 44,
        "naver-shopping": 4,
        "nikl-emotion": 8,
        "nsmc": 3,
        "steam": 2,
        "unsmile": 10,
        "wellness": 73,
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_spellings_and_aliases_lead_to_codes_and_no_alias_hides_a_code_or_spelling(slug: str) -> None:
    table = taxonomy.label_table(slug)
    assert {*table.spellings.values(), *table.aliases.values()} <= set(table.codes)
    assert not set(table.aliases) & (set(table.codes) | set(table.spellings))
    assert not set(table.spellings) & set(table.codes)


def test_fine_codes_are_named_by_pairs_that_are_spellings_under_the_right_major() -> None:
    table = taxonomy.label_table("aihub-dialogue")
    assert list(table.codes) == [f"E{tens}{ones}" for tens in range(1, 7) for ones in range(10)]
    for code, pair in table.codes.items():
        assert table.spellings[pair] == code
    for pair, code in {**table.spellings, **table.aliases}.items():
        assert pair.startswith(MAJORS[code[1]] + "/")


def test_native11_and_dialogue6_keep_the_majors_of_the_dialogue_corpus() -> None:
    for name in ("native11", "dialogue6"):
        mapped = taxonomy.load(name).maps["aihub-dialogue"]
        assert all(to == MAJORS[code[1]] for code, to in mapped.items())


def test_native11_has_the_eleven_classes_of_the_two_aihub_corpora() -> None:
    chosen = taxonomy.load("native11")
    both = {*chosen.maps["aihub-dialogue"].values(), *chosen.maps["aihub-multimodal"].values()}
    assert len(chosen.targets) == 11
    assert both == set(chosen.targets)


def test_hate_is_abuse_of_a_group_and_nothing_in_the_other_taxonomies() -> None:
    hate = taxonomy.load("hate").maps
    corpora = {"beep", "k-mhas", "unsmile"}
    assert {slug for slug, codes in hate.items() if any(codes.values())} == corpora
    assert [set(hate[slug].values()) for slug in corpora] == [{"혐오발언", "공격발언", "없음"}] * 3
    others = [taxonomy.load(name).maps[slug] for name in NAMES if name != "hate" for slug in corpora]
    assert not any(any(codes.values()) for codes in others)


def test_polarity3_agrees_with_the_rules_of_nsmc_and_chatbot() -> None:
    mapped = taxonomy.load("polarity3").maps
    assert mapped["nsmc"] == {"negative": "부정", "middle": None, "positive": "긍정"}
    assert mapped["chatbot"] == {"0": "중립", "1": "부정", "2": "긍정"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("불안/혼란스러운", "E34"),
        ("당황/혼란스러운", "E59"),
        ("당황/혼란스러운(당황한)", "E59"),
        ("당황/혼란스러운 (당황한)", "E59"),
        ("상처/고립된", "E43"),
        ("당황/고립된", "E51"),
        ("당황/고립된(당황한)", "E51"),
        ("상처/가난한, 불우한", "E45"),
        ("상처/가난한 불우한", "E45"),
        ("상처/불우한", "E45"),
        ("분노/짜증나는", "E13"),
        ("기쁨/사랑하는", "E62"),
        ("슬픔/낭패한", "E28"),
    ],
)
def test_a_fine_name_means_what_its_major_says(raw: str, code: str) -> None:
    table = taxonomy.label_table("aihub-dialogue")
    assert {**table.spellings, **table.aliases}[raw] == code


@pytest.mark.parametrize(
    "raw", ["혼란스러운", "고립된", "기쁨", "기쁨/", "/기쁨", "기쁨/두려운", "E70", "e10"]
)
def test_a_fine_name_without_its_major_is_unknown(raw: str) -> None:
    found = resolve("native11", "aihub-dialogue", raw)
    assert (found.label, found.reason) == (None, "unknown_label")
    assert repr(raw) in str(found.detail)


def test_labels_are_stripped_and_composed_before_they_are_looked_up() -> None:
    decomposed = unicodedata.normalize("NFD", " 기쁨/신이 난\t")
    assert resolve("native11", "aihub-dialogue", decomposed) == Resolution("기쁨")
    assert resolve("polarity3", "chatbot", "2   ").label == "긍정"


def test_codes_and_spellings_are_no_aliases_and_dirty_forms_are_counted() -> None:
    assert resolve("native11", "aihub-dialogue", "E13").aliases == ()
    assert resolve("native11", "aihub-dialogue", "분노/짜증내는").aliases == ()
    assert resolve("native11", "aihub-dialogue", "분노/짜증나는").aliases == ("분노/짜증나는",)
    assert resolve("ko7", "keti-dialogue", " ㅈ중립") == Resolution("중립", aliases=("ㅈ중립",))
    assert resolve("ko7", "aihub-multimodal", "disgust") == Resolution("혐오", aliases=("disgust",))


@pytest.mark.parametrize("slug", [*SLUGS, "table"])
@pytest.mark.parametrize("raw", [None, "", "  \t\n", "\u3000"])
def test_a_blank_label_is_missing(slug: str, raw: str | None) -> None:
    assert resolve("ko7", slug, raw).reason == "missing_label"


def test_a_label_with_two_readings_is_unknown_not_guessed() -> None:
    assert resolve("ko7", "keti-dialogue", "ㅍ").reason == "unknown_label"


def test_a_label_that_is_mapped_to_nothing_is_named_in_the_detail() -> None:
    found = resolve("ko7", "aihub-dialogue", "상처/질투하는")
    assert found.reason == "label_not_in_taxonomy"
    assert found.detail == "found E41 (상처/질투하는), which ko7 maps to nothing"


@pytest.mark.parametrize(
    ("votes", "label", "reason"),
    [
        ("Angry,Angry,Angry,Sadness,Fear", "분노", None),
        ("Angry,anger,Anger,Sadness,Fear", "분노", None),
        ("Disgust,Disgust,Disgust,Angry,Angry", "혐오", None),
        ("Angry,Angry,Sadness,Sadness,Fear", None, "label_ambiguous"),
        ("Angry,Angry,Sadness,Fear,Neutral", None, "label_ambiguous"),
        ("Angry,Angry", None, "label_ambiguous"),  # all agree, but only two voted
        ("Angry,Angry,Angry,,", "분노", None),
        ("Angry,Angry,Angry,Bored,Fear", None, "unknown_label"),
    ],
)
def test_three_of_five_votes_must_agree(votes: str, label: str | None, reason: str | None) -> None:
    found = resolve("ko7", "aihub-speech", votes)
    assert (found.label, found.reason) == (label, reason)


def test_votes_for_different_codes_of_one_target_add_up() -> None:
    # Three unpleasant votes, no two for the same emotion.
    assert resolve("polarity3", "aihub-speech", "Angry,Sadness,Fear,Happiness,Neutral").label == "부정"


def test_a_vote_that_the_taxonomy_maps_to_nothing_does_not_count_against_the_rest() -> None:
    # 신기함/관심 (15) and 깨달음 (29) are mapped to nothing.
    assert resolve("ko7", "kote", "15,29,42").label == "기쁨"
    assert resolve("ko7", "kote", "15,29").reason == "label_not_in_taxonomy"


def test_half_of_the_labels_is_no_majority_and_the_detail_counts_them() -> None:
    found = resolve("ko7", "kote", "42,40,5,19")
    assert found.reason == "label_ambiguous"
    assert found.detail == "found 기쁨 2, 슬픔 2; one label needs more than half"
    assert resolve("ko7", "kote", "42,40,5").label == "기쁨"


def test_one_unknown_label_among_many_is_named() -> None:
    found = resolve("ko7", "kote", "42,44,x")
    assert (found.reason, found.detail) == ("unknown_label", "found '44', 'x', which is no label of kote")


@pytest.mark.parametrize(
    ("raw", "label", "reason"),
    [
        ("label:0", "부정", None),
        ("label:1", "긍정", None),
        ("rating:1", "부정", None),
        ("rating:4", "부정", None),
        ("rating:5", None, "label_not_in_taxonomy"),
        ("rating:8", None, "label_not_in_taxonomy"),
        ("rating:9", "긍정", None),
        ("rating:10", "긍정", None),
        ("rating:11", None, "unknown_label"),
        ("1", None, "unknown_label"),
    ],
)
def test_labels_and_ratings_of_nsmc_are_not_confused(raw: str, label: str | None, reason: str | None) -> None:
    found = resolve("polarity3", "nsmc", raw)
    assert (found.label, found.reason) == (label, reason)


def test_a_table_may_carry_the_targets_themselves() -> None:
    assert resolve("ko7", "table", " 기쁨 ").label == "기쁨"
    found = resolve("ko7", "table", "mood")
    assert (found.reason, found.detail) == (
        "unknown_label",
        "found 'mood', expected one of 기쁨, 슬픔, 분노, 불안, 놀람, 혐오, 중립",
    )


def test_a_taxonomy_of_the_users_own_can_map_the_labels_of_a_table(tmp_path: Path) -> None:
    mine = "name: mine\ntargets: [good, bad]\nmaps: {table: {1: good, 0: bad, '-': null}}\n"
    chosen = taxonomy.load(write(tmp_path, mine))
    found = {raw: make_resolver(chosen, "table")(raw) for raw in ("1", "bad", "-", "2")}
    assert [found["1"].label, found["bad"].label] == ["good", "bad"]
    assert [found["-"].reason, found["2"].reason] == ["label_not_in_taxonomy", "unknown_label"]


def test_one_decision_may_stand_for_all_codes_of_a_corpus(tmp_path: Path) -> None:
    chosen = taxonomy.load(
        write(
            tmp_path,
            "name: mine\ntargets: [a]\nmaps: {chatbot: {to: null, why: topics}, nsmc: {to: a, why: b}}\n",
        )
    )
    assert chosen.maps["chatbot"] == {"0": None, "1": None, "2": None}
    assert set(chosen.reasons["chatbot"].values()) == {"topics"}
    assert chosen.maps["nsmc"] == {"negative": "a", "middle": "a", "positive": "a"}


def test_to_and_why_can_be_labels_of_a_table(tmp_path: Path) -> None:
    chosen = taxonomy.load(write(tmp_path, "name: mine\ntargets: [a]\nmaps: {table: {to: a, why: null}}\n"))
    assert chosen.maps["table"] == {"to": "a", "why": None}


def test_a_corpus_that_the_taxonomy_leaves_out_is_rejected_with_that_explanation(tmp_path: Path) -> None:
    chosen = taxonomy.load(write(tmp_path, "name: mine\ntargets: [good]\nmaps: {}\n"))
    found = make_resolver(chosen, "chatbot")("1")
    assert found.reason == "label_not_in_taxonomy"
    assert "mine does not map chatbot at all" in str(found.detail)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: [", "a bracket is not closed"),
        ("name: mine\ntargets: [a]\n", "maps is missing"),
        ("name: mine\ntargets: [a]\nmaps: {}\nmap: {}\n", "map: there is no such key; did you mean `maps`?"),
        ("name: mine\ntargets: [a, a]\nmaps: {}\n", "the target 'a' is listed twice"),
        ("name: mine\ntargets: []\nmaps: {}\n", "targets is empty"),
        ("name: mine\ntargets: [' a']\nmaps: {}\n", "spaces around it"),
        (
            "name: mine\ntargets: [a]\nmaps: {chatbot: {0: b, 1: a, 2: null}}\n",
            "maps.chatbot.0: 'b' is not one",
        ),
        ("name: mine\ntargets: [a]\nmaps: {chatbot: {0: a, 1: a}}\n", "maps.chatbot: left out: 2"),
        (
            "name: mine\ntargets: [a]\nmaps: {chatbot: {0: a, 1: a, 2: a, 3: a}}\n",
            "no label of this corpus: 3",
        ),
        ("name: mine\ntargets: [a]\nmaps: {chatbots: {}}\n", "maps.chatbots: no corpus of that name"),
        (
            "name: mine\ntargets: [a]\nmaps: {chatbots: {to: null, why: x}}\n",
            "maps.chatbots: no corpus of that name",
        ),
        ("name: mine\ntargets: [a]\nmaps: {chatbot: {to: b, why: x}}\n", "maps.chatbot.0: 'b' is not one"),
        ("name: mine\ntargets: [a]\nmaps: {chatbot: {to: null}}\n", "maps.chatbot: left out: 0, 1, 2"),
    ],
)
def test_a_taxonomy_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        taxonomy.load(write(tmp_path, text))
    assert expected in caught.value.text()
    assert "mine.yaml" in caught.value.what


def test_an_unknown_taxonomy_is_answered_with_those_that_are_shipped() -> None:
    with pytest.raises(SettingsError) as caught:
        taxonomy.load("ko8")
    assert "dialogue6, hate, ko7, kote44, native11, polarity3" in caught.value.text()


def test_a_copy_of_a_shipped_taxonomy_is_the_same_taxonomy(tmp_path: Path) -> None:
    path = resources.path("schemas", "emotions", "ko7.yaml")
    assert taxonomy.load(write(tmp_path, path.read_text(encoding="utf-8"))) == taxonomy.load("ko7")


def test_explain_lists_every_code_once_with_its_target_and_reason() -> None:
    rows = taxonomy.explain(taxonomy.load("ko7"), "aihub-dialogue")
    assert len(rows) == 60
    assert rows[7] == {
        "source": "aihub-dialogue",
        "code": "E17",
        "name": "분노/구역질 나는",
        "target": "혐오",
        "why": "(a) nausea is the bodily form of disgust, whatever it is aimed at",
    }


@given(name=st.sampled_from(NAMES), slug=st.sampled_from([*SLUGS, "table"]), raw=st.none() | st.text())
def test_any_text_resolves_to_a_target_or_a_known_reason(name: str, slug: str, raw: str | None) -> None:
    found = resolve(name, slug, raw)
    if found.label is None:
        assert found.reason in row.reasons()
    else:
        assert found.label in shipped(name).targets
        assert found.reason is None


@given(votes=SPEECH_VOTES, data=st.data())
def test_the_order_of_votes_does_not_matter(votes: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(votes))
    one, other = (resolve("ko7", "aihub-speech", ",".join(each)) for each in (votes, shuffled))
    assert (one.label, one.reason, one.detail) == (other.label, other.reason, other.detail)


@given(labels=st.lists(st.integers(0, 43), min_size=1, max_size=12))
def test_a_label_always_has_more_than_half_of_the_mapped_ones(labels: list[int]) -> None:
    found = resolve("ko7", "kote", ",".join(map(str, labels)))
    mapped = shipped("ko7").maps["kote"]
    counts = Counter(to for label in labels if (to := mapped[str(label)]))
    majority = [to for to, count in counts.items() if 2 * count > counts.total()]
    assert found.label == (majority[0] if majority else None)
    assert found.reason == (None if majority else "label_ambiguous" if counts else "label_not_in_taxonomy")


def test_every_real_kote_comment_resolves_without_an_unknown_label() -> None:
    file = Path(__file__).parents[2] / ".." / "shared" / "data" / "kote" / "val.tsv"
    if not file.exists():
        pytest.skip("the real KOTE validation file is not here")
    find = make_resolver(taxonomy.load("polarity3"), "kote")
    lines = file.read_text(encoding="utf-8").splitlines()
    reasons = Counter(find(line.rsplit("\t", 1)[1]).reason for line in lines)
    assert set(reasons) <= {None, "label_ambiguous", "label_not_in_taxonomy"}
    assert reasons[None] > 0.9 * len(lines)


@given(below=st.lists(st.text("가나다라", min_size=1, max_size=3), max_size=3))
def test_a_path_that_is_no_label_counts_as_the_nearest_one_above_it(below: list[str]) -> None:
    raw = "/".join(["감정/감정조절이상/화", *below])
    assert resolve("ko7", "wellness", raw).label == "분노"
    assert resolve("ko7", "wellness", raw.replace("/화", "/왜")).reason == "label_not_in_taxonomy"
    assert resolve("ko7", "wellness", "/".join(["감정/새것", *below])).reason == "unknown_label"
    assert resolve("ko7", "chatbot", "/".join(["1", "x", *below])).reason == "unknown_label"
