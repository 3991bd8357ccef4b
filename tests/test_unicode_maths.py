"""Maths as Unicode: a table of formulas and how they read, and what no text can show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.chat.unicode_maths import MAX_TEXT, as_text, linear
from deckwright.render.formula import FormulaEngine, MathNode

pytest.importorskip("quickjs")

READ = [
    (r"\rho\sigma^2", "ρσ²"),
    (r"\hat\sigma", "σ̂"),
    (r"x_1,\ldots,x_n", "x₁, …, xₙ"),
    (r"x_1 \ldots x_n", "x₁ … xₙ"),
    (r"P(y\mid x)", "P(y | x)"),
    (r"P(y|x)", "P(y | x)"),
    (r"\mathbb{E}[X]", "𝔼[X]"),
    (r"\sqrt{a+b}", "√(a + b)"),
    (r"\sqrt2", "√2"),
    (r"\sqrt[3]{x}", "∛x"),
    (r"\sqrt[5]{x}", None),
    (r"a\le b", "a ≤ b"),
    (r"\nabla L", "∇L"),
    (r"\operatorname{argmin} f(w)", "argmin f(w)"),
    (r"\operatorname*{arg\,min} f(w)", "arg min f(w)"),
    (r"\operatorname*{arg\,min}_w f(w)", None),
    (r"x_{ij}", "xᵢⱼ"),
    (r"x_d", None),
    (r"x_{n-1}", "xₙ₋₁"),
    (r"x^{n+1}", "xⁿ⁺¹"),
    (r"x^{q}", None),
    (r"x_i^2", "xᵢ²"),
    (r"e^{x^2}", None),
    (r"e^{-x}", "e⁻ˣ"),
    (r"10^{-3}", "10⁻³"),
    (r"A^\top", "Aᵀ"),
    (r"A^{-1}", "A⁻¹"),
    (r"A^T", "Aᵀ"),
    (r"w^*", "w*"),
    (r"f'", "f′"),
    (r"f'(x)", "f′(x)"),
    (r"90^\circ", "90°"),
    (r"\bar x", "x̄"),
    (r"\tilde y", "ỹ"),
    (r"\vec v", "v⃗"),
    (r"\widehat{ab}", None),
    (r"\overline{ab}", None),
    (r"\dot x", "ẋ"),
    (r"\hat\theta_j", "θ̂ⱼ"),
    (r"-x", "−x"),
    (r"a-b", "a − b"),
    (r"a - -b", "a − −b"),
    (r"2\cdot3", "2 · 3"),
    (r"n\times m", "n × m"),
    (r"a/b", "a/b"),
    (r"\frac{a+b}{2}", None),
    (r"\frac12", "½"),
    (r"\frac1n", "1/n"),
    (r"\tfrac12 x", "½ x"),
    (r"\sum_{i=1}^n x_i", None),
    (r"\sum x", "∑ x"),
    (r"\prod_i p_i", None),
    (r"\int_0^1 f(x)\,dx", None),
    (r"\int f(x)\,dx", "∫ f(x) dx"),
    (r"\max_i x_i", None),
    (r"\max(a,b)", "max(a, b)"),
    (r"\log_2 n", "log₂ n"),
    (r"n\log n", "n log n"),
    (r"\ln x", "ln x"),
    (r"\sin^2 x", "sin² x"),
    (r"\lim_{n\to\infty} a_n", None),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", None),
    (r"\begin{cases}1&x>0\\0&x\le0\end{cases}", None),
    (r"\underbrace{a+b}_{c}", None),
    (r"\overset{d}{\to}", None),
    (r"\stackrel{!}{=}", None),
    (r"\binom nk", None),
    (r"\mathbb{R}^n", "ℝⁿ"),
    (r"\mathcal{N}(0,1)", "𝒩(0, 1)"),
    (r"\mathcal{L}", "ℒ"),
    (r"\mathbf{w}^\top\mathbf{x}", "𝐰ᵀ𝐱"),
    (r"\mathrm{MSE}", "MSE"),
    (r"\mathrm{TP}+\mathrm{FN}", "TP + FN"),
    (r"\text{precision} = 0.5", "precision = 0.5"),
    (r"\text{if } x>0", "if x > 0"),
    (r"\lambda_{\max}", "λₘₐₓ"),
    (r"x_{\text{train}}", "xₜᵣₐᵢₙ"),
    (r"\lVert w\rVert_2^2", "‖w‖₂²"),
    (r"|x|", "|x|"),
    (r"\left|x\right|", "|x|"),
    (r"\lfloor x\rfloor", "⌊x⌋"),
    (r"x\in\mathbb{R}", "x ∈ ℝ"),
    (r"A\subseteq B", "A ⊆ B"),
    (r"p\ne q", "p ≠ q"),
    (r"x\not\in A", "x ∉ A"),
    (r"x \approx y", "x ≈ y"),
    (r"f\colon X\to Y", "f: X → Y"),
    (r"X\sim\mathcal{N}", "X ∼ 𝒩"),
    (r"a\Rightarrow b", "a ⇒ b"),
    (r"\forall x\,\exists y", "∀x ∃y"),
    (r"1{,}000", "1,000"),
    (r"50\,\%", "50 %"),
    (r"\alpha,\beta", "α, β"),
    (r"\{1,2\}", "{1, 2}"),
    (r"(a,b]", "(a, b]"),
    (r"\mathbb{1}[x>0]", "𝟙[x > 0]"),
    (r"O(n^2)", "O(n²)"),
    (r"P(A\cap B)", "P(A ∩ B)"),
    (r"\partial f/\partial x", "∂f/∂x"),
    (r"\left(a+b\right)^2", "(a + b)²"),
    (r"{a+b}^2", None),
    (r"{x^2}^3", None),
    (r"\underline{x}", "x̲"),
    (r"\boxed{x}", None),
    (r"\xrightarrow{d}", None),
    (r"\color{red}{x}", "x"),
    (r"n!", "n!"),
    (r"\phantom{x}", None),
    (r"(((((a)))))", None),
    (r"x \bmod 2", "x mod 2"),
    (r"\Pr(A)", "Pr(A)"),
    (r"\beta_1^t", "β₁ᵗ"),
    (r"\text{a}_{\text{b}}", None),
    (r"\epsilon_t", "ϵₜ"),
    (r"\infty", "∞"),
    (r"a \quad b", "a b"),
    (r"x^{(i)}", "x⁽ⁱ⁾"),
    (r"\begin{aligned} a &= b \\ &\quad {}+ c \end{aligned}", "a = b + c"),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b = c"),
    (r"\sqrt{\begin{gathered} (a+b) \\ {}\cdot(c+d) \end{gathered}}", "√((a + b) · (c + d))"),
    (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", None),
    (r"\begin{pmatrix} 1 \\ -3 \end{pmatrix}", None),
    (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", None),
]
"""LaTeX and its text, or None where it needs a picture."""

LINEAR = [
    (r"\rho\sigma^2 + \frac{1-\rho}{B}\sigma^2", "ρσ² + (1 − ρ)/B σ²"),
    (r"\frac{1}{2n}\sum_{i=1}^{n}(y_i-x_i)^2", "1/(2n) ∑_(i=1)^n (yᵢ − xᵢ)²"),
    (r"x_d^{q+1}", "x_d^(q+1)"),
    (r"e^{x^2}", "e^(x²)"),
    (r"\binom nk", "(n over k)"),
    (r"\begin{aligned} a &= b \\\\ c &= d \end{aligned}", "a = b; c = d"),
    (r"\begin{pmatrix}1&2\\\\3&4\end{pmatrix}", "(1, 2; 3, 4)"),
    (r"\begin{pmatrix} 1 & -2 \\ -3 & 4 \end{pmatrix}", "(1, −2; −3, 4)"),
    (r"\begin{aligned} a &= \frac bc \\ &\quad {}- d, \\ e &= f \end{aligned}", "a = b/c − d; e = f"),
    (r"\underbrace{a+b}_{c}", "(a + b)_c"),
    (r"\widehat{ab}", "hat(ab)"),
    (r"\lim_{n\to\infty} a_n", "lim_(n→∞) aₙ"),
    (r"\begin{cases}1,\ & x>0\\0,\ & x\le 0\end{cases}", "{1, x > 0; 0, x ≤ 0"),
]
"""LaTeX and the line that says it in an alternative text."""


@pytest.fixture(scope="module")
def engine() -> Iterator[FormulaEngine]:
    with FormulaEngine() as started:
        yield started


def tree(engine: FormulaEngine, latex: str) -> MathNode:
    found = engine.tree(latex, display=False)
    assert isinstance(found, MathNode), found
    return found


@pytest.mark.parametrize(("latex", "expected"), READ)
def test_a_formula_reads_as_written_here(engine: FormulaEngine, latex: str, expected: str | None) -> None:
    assert as_text(tree(engine, latex)) == expected


@pytest.mark.parametrize(("latex", "expected"), LINEAR)
def test_every_formula_can_be_said_in_one_line(engine: FormulaEngine, latex: str, expected: str) -> None:
    assert linear(tree(engine, latex)) == expected


def test_a_formula_that_mathjax_refuses_has_no_tree(engine: FormulaEngine) -> None:
    assert engine.tree(r"\frac{1}", display=True) == engine.check(r"\frac{1}", display=True)


def test_a_very_deep_formula_is_cut_off_and_read_as_a_picture(engine: FormulaEngine) -> None:
    deep = tree(engine, r"\sqrt{" * 100 + "x" + "}" * 100)

    assert as_text(deep) is None
    assert "…" in linear(deep)


def test_a_long_formula_is_a_picture(engine: FormulaEngine) -> None:
    assert as_text(tree(engine, "+".join("a" * (MAX_TEXT // 4)))) is not None
    assert as_text(tree(engine, "+".join("a" * MAX_TEXT))) is None


PARTS = st.sampled_from(
    [
        "x",
        "2",
        "+",
        "-",
        "=",
        r"\alpha ",
        r"\le ",
        r"\hat y",
        "_i",
        "^2",
        "{a}",
        r"\text{ if }",
        "|",
        ",",
        r"\sqrt{b}",
    ]
)


@given(st.lists(PARTS, min_size=1, max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_text_has_no_latex_and_no_doubled_spaces(latex: str) -> None:
    found = SHARED.tree(latex, display=False)
    if isinstance(found, MathNode):
        for text in filter(None, (as_text(found), linear(found))):
            assert not set(text) & set("\\{}$")
            assert "  " not in text


SHARED = FormulaEngine()
