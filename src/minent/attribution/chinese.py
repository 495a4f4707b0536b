"""What the page of reasons says, in Chinese, by what it says in English."""

# fmt: off
CHINESE = {
    (
        "Bars add up to the {} below them: what the model said before training, and what each training example added "
        "to that along training (blue raises it, red lowers it). In all the sums lack {:.1e} of what training changed: "
        "{}."
    ): (
        "各条相加，正好得到下面的{}：模型在训练之前所给的值，加上每个训练样本在训练中带来的变化（蓝色使它升高，红色使它降低）。"
        "所有的和与训练造成的变化相比，缺少的部分（相对值）为 {:.1e}：{}。"
    ),
    "exact": "精确",
    "approximate": "近似",
    "not to be trusted": "不可信",
    "because": "为什么",
    "why {}": "{}：为什么这样判断",
    "score": "得分",
    "log-probability": "对数概率",
    "before training": "训练之前",
    "example {}": "样本 {}",
    ", taught as {}": "，所给的标签：{}",
    "{:,} others together: {:,} raised it by {:.4f}, {:,} lowered it by {:.4f}": (
        "其余 {:,} 个样本合计：{:,} 个使它升高 {:.4f}，{:,} 个使它降低 {:.4f}"
    ),
    "other examples": "其余的样本",
    "weight decay": "权重衰减",
    "earlier steps": "记录之前的训练步",
    "running statistics": "批归一化的滑动统计",
    "what the sum lacks": "残差（和所缺少的）",
    "{} of {}": "{1}的{0}",
    "input {}: the model says {}": "输入 {}：模型的判断是 {}",
    ", should be {}": "，应为 {}",
}
# fmt: on
